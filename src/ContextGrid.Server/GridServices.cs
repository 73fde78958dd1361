using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Limits;
using ContextGrid.Server.Services;

namespace ContextGrid.Server;

/// <summary>The handlers of one host, and the gRPC services that they make up.</summary>
internal sealed class GridServices
{
    internal GridServices(IGridHost host, ServerGates gates, TimeProvider time)
    {
        var requests = new ContextRequests(host.Grid.Plans);
        Context = new ContextHandlers(requests, host.Reader, host.Metrics);
        Watch = new WatchHandler(requests, Context, host.Grid, host.Progress, gates, time);
        Explain = new ExplainHandler(requests, Context);
        Ingest = new IngestHandlers(host.Publisher, host.Definitions, gates);
        Readiness = new Readiness(host, time);
        Admin = new AdminHandlers(host, Readiness, Rates, time);
        DeadLetters = new DeadLetterHandlers(host.DeadLetters);
        Backup = new BackupHandler(host.Backup);
        Replays = new ReplayHandlers(host.Replays);
    }

    internal RateMeter Rates { get; } = new();

    internal ContextHandlers Context { get; }

    internal WatchHandler Watch { get; }

    internal ExplainHandler Explain { get; }

    internal IngestHandlers Ingest { get; }

    internal Readiness Readiness { get; }

    internal AdminHandlers Admin { get; }

    internal DeadLetterHandlers DeadLetters { get; }

    internal BackupHandler Backup { get; }

    internal ReplayHandlers Replays { get; }

    internal IReadOnlyList<GrpcService> ToGrpc() =>
    [
        new GrpcService(Descriptor(ContextReflection.Descriptor, "ContextService"))
            .RawUnary("GetContext", Context.GetContextAsync)
            .ServerStreaming<WatchContextRequest, WatchContextResponse>(
                "WatchContext",
                WatchContextRequest.Parser,
                (r, w, c) => Watch.WatchAsync(r, new GrpcWatchSink(w), c.CancellationToken))
            .Unary<ExplainRequest, ExplainResponse>(
                "Explain", ExplainRequest.Parser, (r, c) => Explain.ExplainAsync(r, c.CancellationToken)),
        new GrpcService(Descriptor(IngestReflection.Descriptor, "IngestService"))
            .Unary<PublishRequest, PublishResponse>(
                "Publish", PublishRequest.Parser, (r, c) => Ingest.PublishAsync(r, c.CancellationToken))
            .Duplex<PublishRequest, PublishResponse>(
                "PublishStream", PublishRequest.Parser, Ingest.PublishStreamAsync),
        AdminService(),
    ];

    private GrpcService AdminService() =>
        new GrpcService(Descriptor(AdminReflection.Descriptor, "AdminService"))
            .Unary<GetStatusRequest, GetStatusResponse>(
                "GetStatus", GetStatusRequest.Parser, (_, _) => ValueTask.FromResult(Admin.GetStatus()))
            .Unary<GetDefinitionsRequest, GetDefinitionsResponse>(
                "GetDefinitions", GetDefinitionsRequest.Parser, (_, _) => ValueTask.FromResult(Admin.GetDefinitions()))
            .Unary<ListDeadLettersRequest, ListDeadLettersResponse>(
                "ListDeadLetters",
                ListDeadLettersRequest.Parser,
                (r, c) => DeadLetters.ListAsync(r, c.CancellationToken))
            .Unary<GetDeadLetterRequest, DeadLetter>(
                "GetDeadLetter",
                GetDeadLetterRequest.Parser,
                (r, c) => DeadLetters.GetAsync(r, c.CancellationToken))
            .Unary<RetryDeadLettersRequest, RetryDeadLettersResponse>(
                "RetryDeadLetters",
                RetryDeadLettersRequest.Parser,
                (r, c) => DeadLetters.RetryAsync(r, c.CancellationToken))
            .Unary<DiscardDeadLettersRequest, DiscardDeadLettersResponse>(
                "DiscardDeadLetters",
                DiscardDeadLettersRequest.Parser,
                (r, c) => DeadLetters.DiscardAsync(r, c.CancellationToken))
            .ServerStreaming<BackupRequest, BackupResponse>(
                "Backup", BackupRequest.Parser, (r, w, c) => Backup.BackupAsync(r, w, c.CancellationToken))
            .Unary<StartReplayRequest, Replay>(
                "StartReplay", StartReplayRequest.Parser, (r, c) => Replays.StartAsync(r, c.CancellationToken))
            .Unary<GetReplayRequest, Replay>(
                "GetReplay", GetReplayRequest.Parser, (r, c) => Replays.GetAsync(r, c.CancellationToken))
            .Unary<ListReplaysRequest, ListReplaysResponse>(
                "ListReplays", ListReplaysRequest.Parser, (_, c) => Replays.ListAsync(c.CancellationToken))
            .Unary<CancelReplayRequest, Replay>(
                "CancelReplay", CancelReplayRequest.Parser, (r, c) => Replays.CancelAsync(r, c.CancellationToken))
            .Unary<RemoveReplayRequest, RemoveReplayResponse>(
                "RemoveReplay", RemoveReplayRequest.Parser, (r, c) => Replays.RemoveAsync(r, c.CancellationToken));

    private static Google.Protobuf.Reflection.ServiceDescriptor Descriptor(
        Google.Protobuf.Reflection.FileDescriptor file, string service) => file.Services.First(s => s.Name == service);
}
