using ContextGrid.Contracts.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Limits;
using Google.Protobuf.WellKnownTypes;
using ContextGrid.Contracts.Rpc;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.Server.Tests.Services;

/// <summary>An answer that is older than the caller allows is refused, with what it would have been.</summary>
public sealed class StalenessTests : IAsyncLifetime
{
    private const string Yaml = """
        version: 1
        events:
          tick: {topic: ticks, fields: {user_id: string, n: int64}}
        entities:
          user:
            from: {tick: user_id}
            features: {ticks: tick | count(), total: tick | sum(n)}

        """;

    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-stale-").FullName;
    private EmbeddedHost? _host;

    public async ValueTask InitializeAsync()
    {
        DefinitionReadResult read = DefinitionFiles.Parse("test.yaml", Yaml);
        DefinitionSet set = read.Set ?? throw new InvalidOperationException(string.Join('\n', read.Errors));
        _host = await EmbeddedHost.StartAsync(
            new EmbeddedHostOptions { Definitions = set, DataDirectory = Path.Combine(_root, "data"), Partitions = 1 },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await (_host?.DisposeAsync() ?? ValueTask.CompletedTask);
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task GetContext_SourceIsBehind_IsRefusedWithReasonLagAndAnswer()
    {
        Assert.NotNull(_host);
        var services = new GridServices(
            _host, new ServerGates(new ServerLimits(), _host.Metrics, TimeProvider.System), TimeProvider.System);
        PublishResponse published = await services.Ingest.PublishInTurnAsync(
            "ticks", [new PublishItem("""{"user_id":"u1","n":4}"""u8.ToArray(), default)], false, default);
        PartitionProgress source = _host.Progress[0];
        await source.WaitForAsync(published.Positions[0].Offset, default).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        var request = new GetContextRequest
        {
            Entities = { new EntityRef { Type = "user", Key = "u1" } },
            MaxStaleness = Duration.FromTimeSpan(TimeSpan.FromSeconds(5)),
        };
        Assert.Single((await services.Context.GetContextAsync(request, default)).Entities);

        // As an ingestor that is held back leaves it: three records wait, the first for a minute.
        source.SeeEnd(source.Next + 3, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - 60_000);
        var e = await Assert.ThrowsAsync<GrpcException>(
            () => services.Context.GetContextAsync(request, default).AsTask());
        Assert.Equal(GrpcStatus.FailedPrecondition, e.Status);
        ErrorInfo info = Assert.Single(e.Details.OfType<ErrorInfo>());
        Assert.Equal("TOO_STALE", info.Reason);
        Assert.InRange(long.Parse(info.Metadata["lag_ms"], null), 60_000, 120_000);
        GetContextResponse answer = Assert.Single(e.Details.OfType<GetContextResponse>());
        Assert.Equal(4, answer.Entities[0].Values[1].Int64Value);
        Assert.Equal(3, answer.Sources[0].LagRecords);

        request.MaxStaleness = null;
        Assert.Equal(3, (await services.Context.GetContextAsync(request, default)).Sources[0].LagRecords);
    }
}
