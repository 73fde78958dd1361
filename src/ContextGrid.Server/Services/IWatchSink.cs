using ContextGrid.Contracts.V1;
using ContextGrid.Server.Grpc;

namespace ContextGrid.Server.Services;

/// <summary>Where a watch sends changes: a gRPC stream or server-sent events. Used by one watch at a time.</summary>
internal interface IWatchSink
{
    /// <summary>Called once, after the request was found good and before the first change.</summary>
    ValueTask BeginAsync();

    /// <summary>Sends a change, and waits while the client does not take it.</summary>
    /// <param name="response">The change; free for reuse afterwards.</param>
    ValueTask WriteAsync(WatchContextResponse response);
}

/// <summary>Sends the changes of a watch by gRPC.</summary>
internal sealed class GrpcWatchSink(GrpcResponseWriter<WatchContextResponse> responses) : IWatchSink
{
    /// <inheritdoc/>
    public ValueTask BeginAsync() => responses.WriteHeadersAsync();

    /// <inheritdoc/>
    public ValueTask WriteAsync(WatchContextResponse response) => responses.WriteAsync(response);
}
