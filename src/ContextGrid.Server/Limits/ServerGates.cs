using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Server.Grpc;

namespace ContextGrid.Server.Limits;

/// <summary>The limits of one server while it runs, and the gates that keep them. Shown as metrics.</summary>
internal sealed class ServerGates
{
    internal ServerGates(ServerLimits limits, GridMetrics metrics, TimeProvider time)
    {
        Limit grpc = metrics.AddLimit("connections", limits.ConnectionsMax);
        Limit http = metrics.AddLimit("http_connections", limits.HttpConnectionsMax);
        Limit silent = metrics.AddLimit("silent_connections", grpc.Max + http.Max);
        Calls = metrics.AddLimit("calls", limits.CallsMax);
        Streams = metrics.AddLimit("streams", limits.StreamsMax);
        Watches = metrics.AddLimit("watches", limits.WatchesMax);
        WatchedEntities = metrics.AddLimit("watched_entities", limits.WatchedEntitiesMax);
        RequestBytes = metrics.AddLimit("request_bytes", limits.RequestBytesMax);
        ResponseBytes = metrics.AddLimit("response_bytes", limits.ResponseBytesMax);
        Stalled = metrics.AddLimit("stalled_clients", 0);
        LogBytes = metrics.AddLimit("log_bytes", 0);
        Grpc = new ConnectionGate(
            grpc, ConnectionRefusal.Http2(grpc.Max), silent, ServerLimits.SilenceMax, time);
        Http = new ConnectionGate(
            http, ConnectionRefusal.Http1(http.Max), silent, ServerLimits.SilenceMax, time);
    }

    /// <summary>What the gRPC layer keeps to. The gates count connections, so that they can say why not.</summary>
    internal GrpcOptions ToGrpc() => new()
    {
        ConnectionsMax = null,
        RequestBytes = RequestBytes,
        Turns = Turns,
        ResponseBytes = ResponseBytes,
        Stalled = Stalled,
        StallMax = ServerLimits.StallMax,
    };

    /// <summary>What requests of the HTTP port together may hold.</summary>
    internal HttpBudget ToHttp(TimeProvider time) => new(RequestBytes, ResponseBytes, time);

    /// <summary>In front of the gRPC port.</summary>
    internal ConnectionGate Grpc { get; }

    /// <summary>In front of the HTTP port.</summary>
    internal ConnectionGate Http { get; }

    /// <summary>gRPC calls with one answer.</summary>
    internal Limit Calls { get; }

    /// <summary>gRPC calls with a stream.</summary>
    internal Limit Streams { get; }

    /// <summary>Watches of both ports.</summary>
    internal Limit Watches { get; }

    /// <summary>Entities of all watches.</summary>
    internal Limit WatchedEntities { get; }

    /// <summary>Bytes of large requests that are received or wait for the disk.</summary>
    internal Limit RequestBytes { get; }

    /// <summary>In which turns large requests of both ports are handled, and messages of watches made.</summary>
    internal Turns Turns { get; } = new(Environment.ProcessorCount);

    /// <summary>Bytes of large answers that clients have not taken.</summary>
    internal Limit ResponseBytes { get; }

    /// <summary>Counts streams that were cut since their clients took nothing; nothing is ever in use.</summary>
    internal Limit Stalled { get; }

    /// <summary>Counts publishes for which the log had no room in time; what is in use the log knows.</summary>
    internal Limit LogBytes { get; }
}
