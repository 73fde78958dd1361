using System.Diagnostics;
using System.Globalization;
using System.Text;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.MemoryRuns;

/// <summary>Publishes payments of chosen users, and keeps in mind how many some of them have.</summary>
internal sealed class Traffic(EmbeddedHost host, int entities)
{
    private const int BatchEvents = 1_000;
    private const int BatchesAhead = 8;
    private const int SamplesMax = 200;

    private readonly long _nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
    private readonly int _every = Math.Max(1, entities / SamplesMax);
    private readonly Dictionary<int, long> _samples = [];
    private readonly Dictionary<int, long> _last = [];
    private long _published;

    /// <summary>How many events the sampled users have.</summary>
    internal IReadOnlyDictionary<int, long> Samples => _samples;

    /// <summary>The key of a user.</summary>
    internal static string UserOf(int user) => string.Create(CultureInfo.InvariantCulture, $"user-{user}");

    /// <summary>Publishes events as fast as it goes; returns, when every query sees them, how long it took.</summary>
    internal async Task<TimeSpan> PublishAsync(int events, Func<int, int> userOf)
    {
        long started = Stopwatch.GetTimestamp();
        var underWay = new Queue<Task<PublishOutcome>>();
        for (int first = 0; first < events; first += BatchEvents)
        {
            PublishItem[] batch = [.. Enumerable.Range(first, Math.Min(BatchEvents, events - first)).Select(
                i => Payment(userOf(i)))];
            underWay.Enqueue(
                Task.Run(() => host.Publisher.PublishAsync("payments", batch, false, CancellationToken.None).AsTask()));
            if (underWay.Count >= BatchesAhead)
            {
                Note(await underWay.Dequeue());
            }
        }

        while (underWay.TryDequeue(out Task<PublishOutcome>? outcome))
        {
            Note(await outcome);
        }

        foreach (PartitionProgress progress in host.Progress)
        {
            if (_last.TryGetValue(progress.Partition.Partition, out long last))
            {
                await progress.WaitForAsync(last, CancellationToken.None);
            }
        }

        return Stopwatch.GetElapsedTime(started);
    }

    private PublishItem Payment(int user)
    {
        if (user % _every == 0)
        {
            _samples[user] = _samples.GetValueOrDefault(user) + 1;
        }

        long n = _published++;
        string json = string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            {"ts":{{_nowMs + (n / 1000)}},"payment_id":"p{{n}}","user_id":"{{UserOf(user)}}","device_id":"d{{n % 7}}",
            "merchant":"m{{n % 977}}","amount":{{(n % 9973) / 100.0}},"status":"approved","country":"DE"}
            """);
        return new PublishItem(Encoding.UTF8.GetBytes(json), default);
    }

    private void Note(PublishOutcome outcome)
    {
        if (outcome.Refused.Count > 0)
        {
            throw new InvalidOperationException($"A payment was refused: {outcome.Refused[0].Reason}.");
        }

        foreach (RecordPosition position in outcome.Positions)
        {
            _last[position.Partition] = Math.Max(_last.GetValueOrDefault(position.Partition), position.Offset);
        }
    }
}
