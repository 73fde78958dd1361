using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Ingestion;

/// <summary>
/// A cursor over the events of one batch of one partition: decodes record after record, leaves out producers' retries,
/// and collects what can't be applied as dead letters. Reused; one thread at a time.
/// </summary>
public sealed class EventBatch : EventCursor
{
    /// <summary>The reason of a dead letter whose producer's id is taken by other content.</summary>
    public const string IdConflict = "id_conflict";

    /// <summary>The reason of a dead letter that has no value.</summary>
    public const string Tombstone = "tombstone";

    private readonly EventDefinition _definition;
    private readonly TopicPartition _partition;
    private readonly int _source;
    private readonly IEventDecoder _decoder;
    private readonly IdWindow? _ids;
    private readonly RetriedLetters _retried = new();
    private LogBatch _records = new();
    private int _index = -1;
    private long _end;

    /// <summary>Creates a cursor for one partition.</summary>
    /// <param name="definitions">The definitions.</param>
    /// <param name="eventIndex">The event that the partition's topic holds.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="decoders">Makes the decoder; null: <see cref="PlainDecoders.Create"/>.</param>
    public EventBatch(
        DefinitionSet definitions, int eventIndex, TopicPartition partition, EventDecoderFactory? decoders = null)
    {
        _definition = definitions.Events[eventIndex];
        _partition = partition;
        _source = Position.SourceOf(definitions.Topics.IndexOf(partition.Topic), partition.Partition);
        _decoder = (decoders ?? PlainDecoders.Create)(definitions, eventIndex);
        _ids = _definition.HasIds ? new IdWindow(_definition.DedupeMs) : null;
        Current = new EventRecord(_definition.Fields.Length);
    }

    /// <inheritdoc/>
    public override TopicPartition Partition => _partition;

    /// <summary>Whether the event has producers' ids.</summary>
    public bool HasIds => _ids is not null;

    /// <summary>Is told of records whose ids were known; null: nobody asks.</summary>
    public PartitionVerdicts? Verdicts { get; init; }

    /// <summary>The ids of all partitions of the topic that are read here; null: nothing is noticed.</summary>
    public TopicIds? TopicIds { get; init; }

    /// <summary>How long an id is remembered, milliseconds of log time.</summary>
    public long DedupeMs => _definition.DedupeMs;

    /// <inheritdoc/>
    public override EventRecord Current { get; }

    /// <summary>
    /// What could not be applied since <see cref="Load"/>; must be durable before the position passes (I6).
    /// </summary>
    public List<DeadLetter> DeadLetters { get; } = [];

    /// <summary>Producers' retries, and second retries of a dead letter, left out since <see cref="Load"/>.</summary>
    public long Duplicates { get; private set; }

    /// <summary>Events left out since <see cref="Load"/> because their id is taken by other content.</summary>
    public long Conflicts { get; private set; }

    /// <summary>
    /// Good events since <see cref="Load"/> whose id another partition of the topic has: ids count for each partition
    /// by itself, so that these may be retries that count again.
    /// </summary>
    public long Elsewhere { get; private set; }

    /// <summary>Records without a value since <see cref="Load"/>.</summary>
    public long Tombstones { get; private set; }

    /// <summary>Good events passed since <see cref="Load"/>.</summary>
    public long Events { get; private set; }

    /// <summary>
    /// Makes ready what decoding the records needs; comes before <see cref="Load"/>, and takes nothing of them yet.
    /// </summary>
    /// <exception cref="SchemaUnavailableException">Not at present: try again later.</exception>
    public ValueTask PrepareAsync(LogBatch records, CancellationToken cancellationToken) =>
        _decoder.PrepareAsync(records, cancellationToken);

    /// <summary>Starts over with other records, which the caller leaves unchanged until the next call.</summary>
    /// <param name="records">The records.</param>
    /// <param name="end">The cursor stops before this offset.</param>
    /// <param name="from">The first offset of which it has everything (<see cref="EventCursor.From"/>); −1: that of the
    /// first record.</param>
    public void Load(LogBatch records, long end = long.MaxValue, long from = -1)
    {
        _records = records;
        _end = end;
        _index = -1;
        long first = records.Count == 0 ? 0 : records[0].Offset;
        Restart(from < 0 ? first : from, Math.Min(end, records.Count == 0 ? 0 : records[records.Count - 1].Offset + 1));
        DeadLetters.Clear();
        Duplicates = 0;
        Conflicts = 0;
        Elsewhere = 0;
        Tombstones = 0;
        Events = 0;
    }

    /// <summary>Passes all events: this fills the window of producers' ids.</summary>
    public void SkipAll()
    {
        while (MoveNext())
        {
        }
    }

    /// <inheritdoc/>
    private protected override bool Advance()
    {
        while (++_index < _records.Count && _records[_index].Offset < _end)
        {
            ref readonly LogBatch.Entry entry = ref _records[_index];
            if (entry.IsTombstone)
            {
                PassTombstone(entry);
                continue;
            }

            var headers = new ArraySegment<byte>(_records.Buffer, entry.HeadersStart, entry.HeadersLength);
            if (headers.Count > 0 && _retried.IsSecond(headers, _records.Value(_index), entry.Offset))
            {
                Duplicates++;
                Verdicts?.Note(entry.Offset, IdVerdict.Duplicate, isElsewhere: false);
                continue;
            }

            DecodeResult result = _decoder.Decode(
                _records.Buffer, entry.ValueStart, entry.ValueLength, headers, entry.TimestampMs, Current);
            Current.Position = new Position(_source, entry.Offset);
            IsSkipped = !result.Succeeded;
            if (IsSkipped)
            {
                AddDeadLetter(entry, result.Reason, result.Message);
                return true;
            }

            switch (Judge(entry))
            {
                case IdVerdict.New:
                    Events++;
                    return true;
                case IdVerdict.Conflict:
                    // Its entities have lost an event, which their answers say.
                    Conflicts++;
                    IsSkipped = true;
                    AddDeadLetter(entry, IdConflict, ConflictMessage());
                    return true;
                default:
                    Duplicates++;
                    break;
            }
        }

        return false;
    }

    private IdVerdict Judge(in LogBatch.Entry entry)
    {
        if (_ids is null || Current.IdHash == 0)
        {
            return IdVerdict.New;
        }

        IdVerdict verdict = _ids.Check(Current.IdHash, Current.ContentHash, entry.TimestampMs);
        bool isElsewhere = TopicIds is { } topic && verdict == IdVerdict.New
            & topic.IsElsewhere(Current.IdHash, _partition.Partition, entry.TimestampMs);
        Elsewhere += isElsewhere ? 1 : 0;
        Verdicts?.Note(entry.Offset, verdict, isElsewhere);
        return verdict;
    }

    // Without a payload nobody knows which entities it is about.
    private void PassTombstone(in LogBatch.Entry entry)
    {
        Tombstones++;
        if (_definition.Tombstone == TombstoneRule.DeadLetter)
        {
            AddDeadLetter(
                entry, Tombstone, $"Event '{_definition.Name}': a tombstone, a record with a key and no value. "
                + "'tombstone: ignore' in the event's definition passes it over.");
        }
    }

    private string ConflictMessage()
    {
        string field = _definition.IdField >= 0 ? _definition.Fields[_definition.IdField].Name : "id";
        string where = _definition.IdScope == IdScope.Key ? " for its key" : "";
        return $"Event '{_definition.Name}': the {field} was used before{where} with other content. The first event "
            + "counts; give this one an id of its own and publish it again.";
    }

    private void AddDeadLetter(in LogBatch.Entry entry, string reason, string message) =>
        DeadLetters.Add(new DeadLetter(
            _partition,
            entry.Offset,
            reason,
            message,
            TimeMs: 0,
            _records.Key(_index).ToArray(),
            _records.Value(_index).ToArray())
        {
            RecordTimeMs = entry.TimestampMs,
            Headers = _records.Headers(_index).ToArray(),
        });
}
