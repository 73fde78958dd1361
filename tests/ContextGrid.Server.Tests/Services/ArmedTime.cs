using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace ContextGrid.Server.Tests.Services;

/// <summary>A clock that a test sets, and that tells when a timer is armed and for when.</summary>
/// <param name="start">The time at first.</param>
internal sealed class ArmedTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly Channel<long> _armed = Channel.CreateUnbounded<long>();

    /// <summary>When the timers fire that were made, milliseconds since the Unix epoch.</summary>
    internal ChannelReader<long> Armed => _armed.Reader;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            _armed.Writer.TryWrite((GetUtcNow() + dueTime).ToUnixTimeMilliseconds());
        }

        return timer;
    }
}
