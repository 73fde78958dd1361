using ContextGrid.Contracts.Reflection.V1;
using ContextGrid.Contracts.V1;
using ContextGrid.Server.Tests.Http;
using ContextGrid.TestKit.Parts;
using ContextGrid.TestKit.Processes;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ContextGrid.Server.Tests.Grpc;

/// <summary>What every client may count on, asked of the whole server byte by byte, whatever serves gRPC in it.
/// </summary>
public sealed class ServerContractTests(HttpFixture server) : IClassFixture<HttpFixture>
{
    private const string Context = "/contextgrid.v1.ContextService/";

    private static readonly byte[] Get = GrpcProbe.Frame(
        new GetContextRequest { Entities = { new EntityRef { Type = "user", Key = "u1" } } });

    private readonly string _target = new Uri(server.Server.GrpcAddress).Authority;

    [Theory]
    [InlineData(Context + "GetContext")]
    [InlineData(Context + "Explain")]
    [InlineData(Context + "WatchContext")]
    [InlineData("/contextgrid.v1.IngestService/Publish")]
    [InlineData("/contextgrid.v1.AdminService/GetStatus")]
    [InlineData("/grpc.health.v1.Health/Check")]
    public async Task Call_NoMessageOrTwoWhereOneIsMeant_IsUnimplemented(string method)
    {
        using var probe = new GrpcProbe(_target);
        byte[] empty = GrpcProbe.Frame([], flag: 0);
        foreach (byte[] body in new byte[][] { [], [.. empty, .. empty] })
        {
            GrpcProbeAnswer answer = await probe.CallAsync(method, body);
            Assert.Equal("12", answer.Status);
            Assert.Empty(answer.Messages);
        }
    }

    [Theory]
    [InlineData(Context + "GetContext", "GetContextRequest", new byte[] { 0x0a, 3, 0x12, 1, 0xff })]
    [InlineData(Context + "GetContext", "GetContextRequest", new byte[] { 0x0a, 9 })]
    [InlineData(Context + "Explain", "ExplainRequest", new byte[] { 0x12, 1, 0xff })]
    [InlineData(Context + "WatchContext", "WatchContextRequest", new byte[] { 0x12, 1, 0xff })]
    [InlineData("/contextgrid.v1.IngestService/Publish", "PublishRequest", new byte[] { 0x0a, 1, 0xff })]
    [InlineData("/contextgrid.v1.AdminService/ListDeadLetters", "ListDeadLettersRequest", new byte[] { 0x12, 9 })]
    public async Task Call_RequestThatDoesNotParse_SaysSo(string method, string type, byte[] request)
    {
        using var probe = new GrpcProbe(_target);

        GrpcProbeAnswer answer = await probe.CallAsync(method, GrpcProbe.Frame(request, flag: 0));

        Assert.Equal("13", answer.Status);
        Assert.StartsWith($"The request is no valid {type}: ", answer.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1n")]
    [InlineData("1u")]
    [InlineData("0m")]
    public async Task Call_DeadlineThatHasPassed_IsNeverOk(string timeout)
    {
        using var probe = new GrpcProbe(_target);
        foreach (string method in new[] { Context + "GetContext", "/contextgrid.v1.AdminService/GetStatus" })
        {
            GrpcProbeAnswer answer = await probe.CallAsync(method, Get, ("grpc-timeout", timeout));
            Assert.Equal("4", answer.Status);
            Assert.Empty(answer.Messages);
        }
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("v1alpha")]
    public async Task Reflection_TypesOfErrorDetails_AreServed(string version)
    {
        using var probe = new GrpcProbe(_target);
        string[] symbols =
        [
            "google.rpc.BadRequest", "google.rpc.BadRequest.FieldViolation", "google.rpc.ErrorInfo",
            "google.rpc.RetryInfo", "google.rpc.Status",
        ];
        foreach (string symbol in symbols)
        {
            var request = new ServerReflectionRequest { FileContainingSymbol = symbol };
            GrpcProbeAnswer answer = await probe.CallAsync(
                $"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo", GrpcProbe.Frame(request));
            ServerReflectionResponse response = ServerReflectionResponse.Parser.ParseFrom(answer.Messages[0].Bytes);
            IEnumerable<FileDescriptorProto> files = response.FileDescriptorResponse.FileDescriptorProto
                .Select(f => FileDescriptorProto.Parser.ParseFrom(f));
            Assert.Contains(files, f => f.MessageType.Any(
                m => symbol.StartsWith($"{f.Package}.{m.Name}", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Grpcurl_Error_IsShownInWords()
    {
        ProcessRun call = await RunAsync(
            "-d", """{"entities": [{"type": "usr", "key": "u1"}]}""", _target, Context.Trim('/') + "/GetContext");
        Assert.Contains("\"field\": \"entities[0].type\"", call.Error, StringComparison.Ordinal);
        Assert.Contains("UNKNOWN_ENTITY_TYPE", call.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("not recognized", call.Error, StringComparison.Ordinal);
        ProcessRun describe = await RunAsync(_target, "describe", "google.rpc.ErrorInfo");
        Assert.Contains("string reason = 1;", describe.RequireSuccess().Output, StringComparison.Ordinal);
    }

    private static Task<ProcessRun> RunAsync(params string[] arguments) => ProcessRun.RunAsync(
        SharedParts.RequireProgram("grpcurl"), ["-plaintext", "-max-time", "20", .. arguments]);
}
