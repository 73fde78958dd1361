using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Orleans.Replay;

/// <summary>Reads one partition for a replay from where it stands to the end that was fixed. One caller at a time.
/// </summary>
internal sealed class ReplayScan : IAsyncDisposable
{
    private readonly LogScan _scan;
    private readonly long _end;
    private readonly long _retainedFrom;

    private ReplayScan(LogScan scan, EventBatch events, long end, long retainedFrom) =>
        (_scan, Events, _end, _retainedFrom) = (scan, events, end, retainedFrom);

    /// <summary>The events of the last read.</summary>
    internal EventBatch Events { get; }

    /// <summary>The next offset.</summary>
    internal long Next => Math.Min(_scan.NextOffset, _end);

    /// <summary>The offset from which nothing is missing.</summary>
    internal long RetainedFrom => _scan.RetainedFrom ?? _retainedFrom;

    /// <summary>Opens a partition. What came before is looked at again as far back as producers' ids are remembered, so
    /// that a retry is one also where the replay goes on.</summary>
    /// <exception cref="EventLogException">The log can't be read, or is not the one of the beginning.</exception>
    internal static async ValueTask<ReplayScan> OpenAsync(
        ReplaySource parts, ReplayPartition partition, CancellationToken cancellationToken)
    {
        LogRange range = await parts.Log.GetRangeAsync(partition.Source, cancellationToken);
        if (range.End < partition.End)
        {
            throw new EventLogException(
                EventLogError.Replaced,
                $"{partition.Topic}/{partition.Partition} ends at {range.End}, before the {partition.End} that it had "
                + "when the replay began: it was truncated or made anew. Start another replay.");
        }

        DefinitionSet definitions = parts.Grid.Definitions;
        var events = new EventBatch(
            definitions, definitions.EventOf(partition.Topic), partition.Source, parts.Decoders);
        bool isCut = range.Start > partition.Next;
        long from = isCut ? range.Start : partition.Next;
        await IdRecovery.RememberAsync(
            parts.Log, new PartitionProgress(partition.Source, 0, from, []) { StartOffset = partition.RetainedFrom },
            events, new LogBatch(), cancellationToken);
        return new ReplayScan(
            new LogScan(parts.Log, partition.Source, from, partition.End), events, partition.End,
            isCut ? from : partition.RetainedFrom);
    }

    /// <summary>Reads on.</summary>
    /// <returns>How many records; 0: the end is reached.</returns>
    /// <exception cref="EventLogException">The log can't be read.</exception>
    /// <exception cref="Runtime.Codecs.SchemaUnavailableException">A schema can't be had at present.</exception>
    internal async ValueTask<int> ReadAsync(CancellationToken cancellationToken)
    {
        if (!await _scan.ReadAsync(cancellationToken))
        {
            return 0;
        }

        await Events.PrepareAsync(_scan.Batch, cancellationToken);
        Events.Load(_scan.Batch, _end);
        return _scan.Count;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _scan.DisposeAsync();
}
