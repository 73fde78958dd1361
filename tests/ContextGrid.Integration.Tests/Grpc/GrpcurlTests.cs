using System.Text.Json;
using ContextGrid.Contracts.Rpc;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Grpc.Health;
using ContextGrid.Server.Grpc.Reflection;

namespace ContextGrid.Integration.Tests.Grpc;

/// <summary>grpcurl, which has no .proto files and asks the server's reflection for everything.</summary>
public sealed class GrpcurlTests
{
    private readonly GrpcHealth _health = new();

    [Fact]
    public async Task List_AllServices_NamesThem()
    {
        await using var host = await StartAsync();
        var run = await RunAsync([], host.Target, "list");
        Assert.Equal(
            [
                "contextgrid.v1.ContextService",
                "contextgrid.v1.IngestService",
                "grpc.health.v1.Health",
                "grpc.reflection.v1.ServerReflection",
                "grpc.reflection.v1alpha.ServerReflection",
                "grpc.testing.TestService",
            ],
            run.RequireSuccess().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("contextgrid.v1.ContextService", "rpc WatchContext ( .contextgrid.v1.WatchContextRequest )")]
    [InlineData("contextgrid.v1.GetContextRequest", "google.protobuf.Duration max_staleness = 5;")]
    [InlineData("contextgrid.v1.ContextService.GetContext", "rpc GetContext")]
    [InlineData("grpc.reflection.v1alpha.ServerReflection", "rpc ServerReflectionInfo")]
    [InlineData("grpc.health.v1.HealthCheckResponse.ServingStatus", "SERVICE_UNKNOWN = 3;")]
    public async Task Describe_Symbol_PrintsItsDeclaration(string symbol, string expected)
    {
        await using var host = await StartAsync();
        var run = await RunAsync([], host.Target, "describe", symbol);
        Assert.Contains(expected, run.RequireSuccess().Output);
    }

    [Fact]
    public async Task Describe_UnknownSymbol_Fails()
    {
        await using var host = await StartAsync();
        var run = await RunAsync([], host.Target, "describe", "contextgrid.v1.Nothing");
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("not found", run.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Call_GetContext_AnswersByReflection()
    {
        await using var host = await StartAsync();
        var run = await RunAsync(
            ["-d", """{"entities": [{"type": "user", "key": "u1"}], "features": ["f1"]}"""],
            host.Target,
            "contextgrid.v1.ContextService/GetContext");
        var answer = JsonDocument.Parse(run.RequireSuccess().Output).RootElement;
        var values = answer.GetProperty("entities")[0].GetProperty("values");
        Assert.Equal("2", values[0].GetProperty("int64Value").GetString());
    }

    [Fact]
    public async Task Call_BadRequest_PrintsTypedDetails()
    {
        await using var host = await StartAsync();
        var run = await RunAsync(
            ["-d", """{"entities": [{"type": "usr", "key": "u1"}]}"""],
            host.Target,
            "contextgrid.v1.ContextService/GetContext");
        Assert.Contains("InvalidArgument", run.Error);
        Assert.Contains("\"field\": \"entities[0].type\"", run.Error);
        Assert.Contains("UNKNOWN_ENTITY_TYPE", run.Error);
    }

    [Fact]
    public async Task Call_HealthCheck_TellsStates()
    {
        await using var host = await StartAsync();
        _health.Set("", isServing: true);
        _health.Set("contextgrid.v1.IngestService", isServing: false);
        var whole = await RunAsync([], host.Target, "grpc.health.v1.Health/Check");
        Assert.Contains("\"SERVING\"", whole.RequireSuccess().Output);
        var ingest = await RunAsync(
            ["-d", """{"service": "contextgrid.v1.IngestService"}"""], host.Target, "grpc.health.v1.Health/Check");
        Assert.Contains("\"NOT_SERVING\"", ingest.RequireSuccess().Output);
        var unknown = await RunAsync(["-d", """{"service": "x"}"""], host.Target, "grpc.health.v1.Health/Check");
        Assert.Contains("NotFound", unknown.Error);
    }

    private Task<GrpcTestHost> StartAsync()
    {
        GrpcService[] services = [.. FakeContextService.Create(), InteropTestService.Create(), _health.Service];
        return GrpcTestHost.StartAsync(
            new GrpcOptions(),
            [.. services, .. GrpcReflection.CreateServices(services, [ErrorDetailsReflection.Descriptor])]);
    }

    private static Task<ProcessRun> RunAsync(string[] options, string target, params string[] arguments) =>
        ProcessRun.RunAsync(
            SharedParts.RequireProgram("grpcurl"), ["-plaintext", "-max-time", "20", .. options, target, .. arguments]);
}
