using ContextGrid.Contracts.V1;
using ContextGrid.Server.Grpc;

namespace ContextGrid.Server.Services;

/// <summary>Sends the changes of a watch by gRPC.</summary>
internal sealed class GrpcWatchSink(GrpcResponseWriter<WatchContextResponse> responses) : IWatchSink
{
    /// <inheritdoc/>
    public ValueTask BeginAsync() => responses.WriteHeadersAsync();

    /// <inheritdoc/>
    public ValueTask WriteAsync(WatchContextResponse response) => responses.WriteAsync(response);
}
