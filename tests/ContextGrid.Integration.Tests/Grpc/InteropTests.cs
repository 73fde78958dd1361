using ContextGrid.Server.Grpc;

namespace ContextGrid.Integration.Tests.Grpc;

/// <summary>The official interoperability client (grpc-go) against this gRPC layer.</summary>
public sealed class InteropTests
{
    [Theory]
    [InlineData("empty_unary")]
    [InlineData("large_unary")]
    [InlineData("client_streaming")]
    [InlineData("server_streaming")]
    [InlineData("ping_pong")]
    [InlineData("empty_stream")]
    [InlineData("custom_metadata")]
    [InlineData("status_code_and_message")]
    [InlineData("special_status_message")]
    [InlineData("unimplemented_method")]
    [InlineData("unimplemented_service")]
    [InlineData("cancel_after_begin")]
    [InlineData("cancel_after_first_response")]
    [InlineData("timeout_on_sleeping_server")]
    public async Task OfficialClient_RunsCase_AgreesWithServer(string testCase)
    {
        var client = Parts.RequireProgram("grpc-interop-client");
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), InteropTestService.Create());
        var run = await ProcessRun.RunAsync(
            client, ["-server_host", "127.0.0.1", "-server_port", $"{host.Port}", "-test_case", testCase]);
        run.RequireSuccess();
    }
}
