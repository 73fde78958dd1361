using ContextGrid.Runtime.Hosting;

namespace ContextGrid.Server.Services;

/// <summary>Whether the server is to get traffic: what the grid says, until the server begins to stop. Thread-safe.
/// </summary>
/// <param name="host">The grid.</param>
/// <param name="time">The clock.</param>
internal sealed class Readiness(IGridHost host, TimeProvider time)
{
    private volatile bool _isStopping;

    /// <summary>Why it is not ready, one line for people; null: it is.</summary>
    internal string? WhyNot() =>
        _isStopping ? "stopping" : host.WhyNotReady(time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>From now on it is not ready, whatever the grid says.</summary>
    internal void BeginStop() => _isStopping = true;
}
