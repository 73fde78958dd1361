using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded;

/// <summary>Lists what <see cref="DeadLetterTopic"/> has written. Thread-safe.</summary>
/// <param name="log">Has the topic <see cref="DeadLetterTopic.Name"/>.</param>
public sealed class DeadLetterReader(IEventLog log)
{
    /// <summary>The most letters that one listing returns.</summary>
    public const int LimitMax = 1000;

    /// <summary>The most letters that one listing looks at, so that a rare filter stays cheap.</summary>
    public const int ScanMax = 100_000;

    private const int Chunk = 256;
    private static readonly TopicPartition Source = new(DeadLetterTopic.Name, 0);

    /// <summary>How many letters are kept.</summary>
    /// <exception cref="EventLogException">The log can't be reached.</exception>
    public async ValueTask<long> CountAsync(CancellationToken cancellationToken)
    {
        LogRange range = await log.GetRangeAsync(Source, cancellationToken);
        return range.End - range.Start;
    }

    /// <summary>The newest letters, newest first, among the last <see cref="ScanMax"/>.</summary>
    /// <param name="limit">How many at most; 1–<see cref="LimitMax"/>.</param>
    /// <param name="topic">Only letters from this topic; null: all.</param>
    /// <param name="reason">Only letters with this reason; null: all.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="EventLogException">The log can't be read.</exception>
    public async ValueTask<IReadOnlyList<DeadLetterEntry>> ListAsync(
        int limit, string? topic, string? reason, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, LimitMax);
        LogRange range = await log.GetRangeAsync(Source, cancellationToken);
        long first = Math.Max(range.Start, range.End - ScanMax);
        var found = new List<DeadLetterEntry>();
        for (long end = range.End; end > first && found.Count < limit; end -= Chunk)
        {
            List<DeadLetterEntry> chunk = await ReadAsync(Math.Max(first, end - Chunk), end, cancellationToken);
            for (int i = chunk.Count - 1; i >= 0 && found.Count < limit; i--)
            {
                DeadLetter letter = chunk[i].Letter;
                if ((topic is null || letter.Source.Topic == topic) && (reason is null || letter.Reason == reason))
                {
                    found.Add(chunk[i]);
                }
            }
        }

        return found;
    }

    /// <summary>One letter; null when it was never written or is no longer kept.</summary>
    /// <param name="id">Its <see cref="DeadLetterEntry.Id"/>.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="EventLogException">The log can't be read.</exception>
    public async ValueTask<DeadLetterEntry?> GetAsync(long id, CancellationToken cancellationToken)
    {
        LogRange range = await log.GetRangeAsync(Source, cancellationToken);
        if (id < range.Start || id >= range.End)
        {
            return null;
        }

        List<DeadLetterEntry> found = await ReadAsync(id, id + 1, cancellationToken);
        return found.Count == 0 ? null : found[0];
    }

    private async ValueTask<List<DeadLetterEntry>> ReadAsync(long from, long end, CancellationToken cancellationToken)
    {
        var letters = new List<DeadLetterEntry>();
        var batch = new LogBatch();
        ILogReader reader = log.OpenReader(Source, from);
        await using (reader)
        {
            while (reader.NextOffset < end)
            {
                ReadOutcome outcome = await reader.ReadAsync(batch, TimeSpan.Zero, cancellationToken);
                if (outcome == ReadOutcome.None)
                {
                    break;
                }

                for (int i = 0; i < batch.Count && batch[i].Offset < end; i++)
                {
                    letters.Add(DeadLetterHeaders.Decode(batch, i));
                }
            }
        }

        return letters;
    }
}

/// <summary>A dead letter that was written.</summary>
/// <param name="Id">Its offset in the dead-letter topic.</param>
/// <param name="Letter">What was written.</param>
/// <param name="ValueBytes">The size of the original value; larger than the letter's when that was cut.</param>
public sealed record DeadLetterEntry(long Id, DeadLetter Letter, long ValueBytes);
