using Microsoft.AspNetCore.Http.Features;

namespace ContextGrid.Server.Grpc;

/// <summary>The time that a client has to send or to take something; then the call's stream is cut.</summary>
internal sealed class Stall(HttpContext http, GrpcOptions options)
{
    // HTTP/2's error code that gRPC clients see as RESOURCE_EXHAUSTED.
    private const int EnhanceYourCalm = 0xb;

    /// <summary>Starts the time; disposing the timer ends it.</summary>
    internal ITimer Start(TimeProvider time) => time.CreateTimer(
        static stall => (stall as Stall)?.Cut(), this, options.StallMax, Timeout.InfiniteTimeSpan);

    private void Cut()
    {
        options.Stalled?.Refuse();
        http.Features.Get<IHttpResetFeature>()?.Reset(EnhanceYourCalm);
    }
}
