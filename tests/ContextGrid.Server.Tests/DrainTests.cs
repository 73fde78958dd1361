using System.Net;
using ContextGrid.Contracts.Health.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Server.Tests.Limits;
using ContextGrid.TestKit.Processes;

namespace ContextGrid.Server.Tests;

/// <summary>A server that is told to stop says so first, and serves on for its drain time.</summary>
public sealed class DrainTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _data = new();
    private readonly HttpClient _client = new();
    private GridServer? _server;

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await (_server?.DisposeAsync() ?? default);
        _data.Dispose();
    }

    [Fact]
    public async Task Drain_BeforeItsTimeIsOver_IsNotReadyAndServes()
    {
        GridServer server = await StartAsync(TimeSpan.FromHours(1));
        Assert.Equal((HttpStatusCode.OK, "ready\n"), await ReadyAsync());
        server.Drain();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "stopping\n"), await ReadyAsync());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, await HealthAsync(server));
        Assert.False(server.Stopping.IsCancellationRequested);
        using var ask = new StringContent(
            """{"entities":[{"type":"user","key":"u"}]}""", System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await _client.PostAsync("/v1/context", ask);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("\ncontextgrid_ready 0\n", await _client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drain_ASecondTime_EndsTheDrain()
    {
        GridServer server = await StartAsync(TimeSpan.FromHours(1));
        Task<Exception?> life = server.LiveAsync();
        server.Drain();
        server.Drain();
        Assert.True(server.Stopping.IsCancellationRequested);
        Assert.Null(await life);
    }

    [Fact]
    public async Task Drain_ItsTimeIsOver_Stops()
    {
        GridServer server = await StartAsync(TimeSpan.FromMilliseconds(1));
        Task<Exception?> life = server.LiveAsync();
        server.Drain();
        Assert.Null(await life.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Drain_WithoutATime_StopsAtOnce()
    {
        GridServer server = await StartAsync(TimeSpan.Zero);
        server.Drain();
        Assert.True(server.Stopping.IsCancellationRequested);
    }

    private async Task<GridServer> StartAsync(TimeSpan drain)
    {
        DefinitionReadResult read = DefinitionFiles.Parse(
            "test.yaml",
            """
            version: 1
            events: {payment: {topic: payments, key: user, fields: {user: string}}}
            entities: {user: {from: {payment: user}, features: {payments: payment | count()}}}
            """);
        DefinitionSet set = read.Set ?? throw new InvalidOperationException(string.Join('\n', read.Errors));
        var options = new ServerOptions(
            "", _data.Path, 0, 0, false, 1, 1, false, 1, TimeSpan.FromSeconds(60), TimeSpan.Zero) { Drain = drain };
        _server = await GridServer.StartAsync(options, set, TimeProvider.System);
        _client.BaseAddress = new Uri(_server.HttpAddress);
        return _server;
    }

    private async Task<(HttpStatusCode Code, string Text)> ReadyAsync()
    {
        using HttpResponseMessage answer = await _client.GetAsync("/readyz");
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<HealthCheckResponse.Types.ServingStatus> HealthAsync(GridServer server)
    {
        using var client = new HttpClient
        {
            DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var body = new ByteArrayContent(LimitedServer.Frame(new HealthCheckRequest()));
        body.Headers.ContentType = new("application/grpc");
        using HttpResponseMessage answer = await client.PostAsync(
            new Uri(new Uri(server.GrpcAddress), "/grpc.health.v1.Health/Check"), body);
        byte[] bytes = await answer.Content.ReadAsByteArrayAsync();
        return HealthCheckResponse.Parser.ParseFrom(bytes.AsSpan(5)).Status;
    }
}
