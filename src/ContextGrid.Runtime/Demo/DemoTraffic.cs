namespace ContextGrid.Runtime.Demo;

/// <summary>
/// Streams simulated payments and logins, one login for nine payments, in real time, until it is cancelled. One run at
/// a time.
/// </summary>
/// <remarks>
/// When publishing is slower than the rate, the driver waits for it: at most one batch is under way. When it is more
/// than
/// <see cref="BehindMax"/> late, as after the machine slept, the events of the meantime are left out.
/// </remarks>
public sealed class DemoTraffic
{
    /// <summary>How far the driver catches up.</summary>
    public static readonly TimeSpan BehindMax = TimeSpan.FromSeconds(5);

    // Long enough for batches to pay, short enough to look steady.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private const int BatchMax = 1_000;
    private const int EventsPerLogin = 10;

    private readonly int _eventsPerSecond;
    private readonly int _users;
    private readonly PublishEvents _publish;
    private readonly TimeProvider _time;

    /// <summary>Prepares a driver.</summary>
    /// <param name="eventsPerSecond">The rate, 1 to 100,000.</param>
    /// <param name="users">How many users, at least 1.</param>
    /// <param name="publish">Publishes a batch; what it throws ends the run.</param>
    /// <param name="time">The clock.</param>
    public DemoTraffic(int eventsPerSecond, int users, PublishEvents publish, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(eventsPerSecond, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(eventsPerSecond, 100_000);
        ArgumentOutOfRangeException.ThrowIfLessThan(users, 1);
        _eventsPerSecond = eventsPerSecond;
        _users = users;
        _publish = publish;
        _time = time;
    }

    /// <summary>How many events have been published.</summary>
    public long Published { get; private set; }

    /// <summary>Publishes until the token is cancelled; then returns without an exception.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        long startMs = NowMs();

        // The start is the seed as well, so that a second run does not repeat the ids of the first.
        var shape = new TrafficShape(_users, startMs, startMs, 1_000.0 / _eventsPerSecond);
        var batch = new DemoBatch(shape, EventsPerLogin);
        using var timer = new PeriodicTimer(Tick, _time);
        try
        {
            long next = 0;
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                long due = (NowMs() - startMs) * _eventsPerSecond / 1_000;
                next = Math.Max(next, due - (long)(BehindMax.TotalSeconds * _eventsPerSecond));
                while (next < due)
                {
                    int count = (int)Math.Min(due - next, BatchMax);
                    batch.Fill(next, count);
                    await PublishAsync(batch, cancellationToken);
                    next += count;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Being cancelled is how a run ends.
        }
    }

    private async ValueTask PublishAsync(DemoBatch batch, CancellationToken cancellationToken)
    {
        if (batch.Payments.Count > 0)
        {
            await _publish(PaymentGenerator.Topic, batch.Payments, cancellationToken);
            Published += batch.Payments.Count;
        }

        if (batch.Logins.Count > 0)
        {
            await _publish(LoginGenerator.Topic, batch.Logins, cancellationToken);
            Published += batch.Logins.Count;
        }
    }

    private long NowMs() => _time.GetUtcNow().ToUnixTimeMilliseconds();
}

/// <summary>Publishes events of one topic.</summary>
/// <param name="topic">The topic.</param>
/// <param name="events">The payloads; their buffers are reused after the returned task has ended.</param>
/// <param name="cancellationToken">Ends the wait.</param>
public delegate ValueTask PublishEvents(
    string topic, IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellationToken);
