using System.Text;
using ContextGrid.Integration.Tests.Grpc;
using ContextGrid.Server.Grpc;

namespace ContextGrid.Integration.Tests.Clients;

/// <summary>python3-grpcio and @grpc/grpc-js against the gRPC layer, from the .proto files alone.</summary>
public sealed class ForeignClientTests
{
    private const string GetContext = "contextgrid.v1.ContextService/GetContext";
    private const string WatchContext = "contextgrid.v1.ContextService/WatchContext";

    public static TheoryData<string> Clients => ForeignClient.Names;

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task GetContext_TwoEntities_AnswersInOrder(string client)
    {
        await using var host = await StartAsync();
        var answer = await ForeignClient.CallAsync(client, host.Target, GetContext, Request("user", "u1", "u22"));
        Assert.Equal(0, answer.ExitCode);
        var entities = answer.Lines[0].GetProperty("entities");
        Assert.Equal("u1", entities[0].GetProperty("key").GetString());
        Assert.Equal("3", entities[1].GetProperty("values")[0].GetProperty("int64_value").GetString());
        Assert.Equal("PRESENT", entities[1].GetProperty("statuses")[0].GetString());
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task GetContext_GzipBothWays_AnswersTheSame(string client)
    {
        await using var host = await StartAsync();
        var keys = Enumerable.Range(0, 500).Select(i => $"user-{i}").ToArray();
        var answer = await ForeignClient.CallAsync(
            client, host.Target, GetContext, Request("user", keys), "--gzip");
        Assert.Equal(0, answer.ExitCode);
        Assert.Equal(500, answer.Lines[0].GetProperty("entities").GetArrayLength());
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task GetContext_UnknownType_TellsFieldAndReason(string client)
    {
        await using var host = await StartAsync();
        var answer = await ForeignClient.CallAsync(client, host.Target, GetContext, Request("usr", "u1"));
        Assert.Equal(1, answer.ExitCode);
        Assert.Equal("INVALID_ARGUMENT", answer.Status.GetProperty("code").GetString());
        Assert.Equal(
            "entities[0]: there is no entity type 'usr' – 'user' is near.",
            answer.Status.GetProperty("message").GetString());
        var details = client == "python"
            ? answer.Status.GetProperty("details").GetRawText()
            : Encoding.UTF8.GetString(Convert.FromHexString(
                answer.Status.GetProperty("trailing").GetProperty("grpc-status-details-bin").GetString() ?? ""));
        Assert.Contains("google.rpc.BadRequest", details);
        Assert.Contains("entities[0].type", details);
        Assert.Contains("UNKNOWN_ENTITY_TYPE", details);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task GetContext_SlowerThanDeadline_EndsWithDeadlineExceeded(string client)
    {
        await using var host = await StartAsync();
        var answer = await ForeignClient.CallAsync(
            client, host.Target, GetContext, Request("user", "slow"), "--timeout", "0.3");
        Assert.Equal("DEADLINE_EXCEEDED", answer.Status.GetProperty("code").GetString());
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task WatchContext_CutAfterThree_SendsInOrder(string client)
    {
        await using var host = await StartAsync();
        var answer = await ForeignClient.CallAsync(
            client, host.Target, WatchContext, """[{"entities": []}]""", "--take", "3");
        Assert.Equal(0, answer.ExitCode);
        Assert.Equal(3, answer.Lines.Count);
        string token = answer.Lines[2].GetProperty("resume_token").GetString() ?? "";
        Assert.Equal("2", Encoding.UTF8.GetString(Convert.FromBase64String(token)));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task PublishStream_ThreeBatches_AnswersEach(string client)
    {
        await using var host = await StartAsync();
        var answer = await ForeignClient.CallAsync(
            client,
            host.Target,
            "contextgrid.v1.IngestService/PublishStream",
            """[{"topic": "a", "events": [{"payload": "e30="}]}, {"topic": "a", "events": [{}, {}]}, {}]""");
        Assert.Equal(0, answer.ExitCode);
        Assert.Equal(4, answer.Lines.Count);
        Assert.Equal(2, answer.Lines[1].GetProperty("accepted").GetInt32());
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task EmptyCall_WithMetadata_EchoesTextAndBytes(string client)
    {
        await using var host = await StartAsync();
        var answer = await ForeignClient.CallAsync(
            client,
            host.Target,
            "grpc.testing.TestService/EmptyCall",
            "[{}]",
            "--metadata",
            "x-grpc-test-echo-initial:first",
            "--metadata",
            "x-grpc-test-echo-trailing-bin:last");
        Assert.Equal("first", answer.Status.GetProperty("initial").GetProperty("x-grpc-test-echo-initial").GetString());
        Assert.Equal(
            Convert.ToHexStringLower("last"u8),
            answer.Status.GetProperty("trailing").GetProperty("x-grpc-test-echo-trailing-bin").GetString());
    }

    private static Task<GrpcTestHost> StartAsync() =>
        GrpcTestHost.StartAsync(new GrpcOptions(), [.. FakeContextService.Create(), InteropTestService.Create()]);

    private static string Request(string type, params string[] keys)
    {
        var entities = string.Join(',', keys.Select(k => $$"""{"type": "{{type}}", "key": "{{k}}"}"""));
        return $$"""[{"entities": [{{entities}}], "features": ["f1", "f2"]}]""";
    }
}
