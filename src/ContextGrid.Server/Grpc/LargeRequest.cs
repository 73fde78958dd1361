using ContextGrid.Server.Limits;

namespace ContextGrid.Server.Grpc;

/// <summary>Counts a large request message while it is here; and wants it complete in time. One thread.</summary>
internal struct LargeRequest(GrpcCallContext call)
{
    // What every call may have for nothing: requests for context stay below it.
    private const int UncountedBytes = Turns.SmallBytesMax;

    private long _counted;
    private ITimer? _stall;

    /// <summary>Counts what has come so far.</summary>
    /// <exception cref="Runtime.Diagnostics.LimitReachedException">It does not fit.</exception>
    internal void Count(long bytes)
    {
        if (bytes <= UncountedBytes + _counted || call.Options.RequestBytes is not { } limit)
        {
            return;
        }

        long more = bytes - UncountedBytes - _counted;
        limit.Take(more);
        _counted += more;
        _stall ??= call.StartStall();
    }

    /// <summary>Gives back what was counted.</summary>
    internal void GiveBack()
    {
        if (_counted > 0)
        {
            call.Options.RequestBytes?.Give(_counted);
            _counted = 0;
            _stall?.Dispose();
            _stall = null;
        }
    }
}
