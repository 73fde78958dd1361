using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;

namespace ContextGrid.Runtime.Queries;

/// <summary>
/// The answer to a <see cref="ContextQuery"/>, in flat arrays that are reused. Values are valid until
/// <see cref="Clear"/>. One thread at a time.
/// </summary>
public sealed class ContextAnswer
{
    private EntityHeader[] _headers = new EntityHeader[4];
    private Value[] _values = new Value[64];
    private FeatureStatus[] _statuses = new FeatureStatus[64];
    private long[] _timesMs = new long[64];
    private byte[] _notes = new byte[64];
    private long[] _nextMs = [];
    private Position[] _positions = new Position[8];
    private int _slots;
    private int _positionCount;

    /// <summary>How many entities are answered.</summary>
    public int Count { get; private set; }

    /// <summary>Where texts and lists of the values live.</summary>
    public AnswerArena Arena { get; } = new();

    /// <summary>Entities of the query that were asked about a head before their newest event.</summary>
    public List<int> Past { get; } = [];

    /// <summary>Entities that did not answer in time, and why: their values are missing, and marked so.</summary>
    public List<(int Index, string Why)> Unreached { get; } = [];

    /// <summary>
    /// How far the sources of the query's types were applied before the values were read. Kept by whoever answers.
    /// </summary>
    public List<SourceReading> Sources { get; } = [];

    /// <summary>
    /// The window of the explained feature: first and last event time inside (milliseconds), and the events that match.
    /// </summary>
    public (long StartMs, long EndMs, long Events) Explained { get; set; }

    /// <summary>About how many bytes the buffers hold, used or not.</summary>
    public long BufferBytes => (64L * _headers.Length) + (48L * _values.Length) + (16L * _positions.Length)
        + Arena.BufferBytes;

    /// <summary>What is known of an entity as a whole.</summary>
    public ref readonly EntityHeader Header(int index) => ref _headers[index];

    /// <summary>The values of an entity, in the order of its selection.</summary>
    public ReadOnlySpan<Value> Values(int index) => _values.AsSpan(_headers[index].Start, _headers[index].Length);

    /// <summary>The statuses of an entity's values.</summary>
    public ReadOnlySpan<FeatureStatus> Statuses(int index) =>
        _statuses.AsSpan(_headers[index].Start, _headers[index].Length);

    /// <summary>
    /// The times of the newest events in an entity's values; milliseconds; <see cref="EventTimes.None"/>: none.
    /// </summary>
    public ReadOnlySpan<long> EventTimesMs(int index) =>
        _timesMs.AsSpan(_headers[index].Start, _headers[index].Length);

    /// <summary>Notes on an entity's values: bit 0 = approximate.</summary>
    public ReadOnlySpan<byte> Notes(int index) => _notes.AsSpan(_headers[index].Start, _headers[index].Length);

    /// <summary>The last applied positions of an entity's own events, one a source.</summary>
    public ReadOnlySpan<Position> Positions(int index) =>
        _positions.AsSpan(_headers[index].PositionStart, _headers[index].PositionCount);

    /// <summary>
    /// The first head at which an entity's values can change without an event, milliseconds since the Unix epoch;
    /// <see cref="long.MaxValue"/>: none. Only where <see cref="ContextQuery.TellsNextChange"/> was set.
    /// </summary>
    public ref long NextChangeMs(int index) => ref _nextMs[index];

    /// <summary>Whether events of an entity are missing: skipped ones, or in a declared gap; or all of it.</summary>
    public bool IsDegraded(int index) =>
        _headers[index].SkippedEvents > 0 || Unreached.Exists(u => u.Index == index)
        || Sources.Exists(s => !s.Gaps.IsDefaultOrEmpty);

    /// <summary>Makes room for the entities of a query, all unanswered.</summary>
    public void Start(ContextQuery query)
    {
        Clear();
        Count = query.Count;
        int slots = 0;
        Grow(ref _headers, Count);
        for (int i = 0; i < Count; i++)
        {
            int length = query.Selections[query[i].Selection].Names.Length;
            _headers[i] = new EntityHeader(slots, length, 0, EventTimes.None, 0, 0, 0);
            slots += length;
        }

        if (query.TellsNextChange)
        {
            Grow(ref _nextMs, Count);
            _nextMs.AsSpan(0, Count).Fill(long.MaxValue);
        }

        _slots = slots;
        Grow(ref _values, slots);
        Grow(ref _statuses, slots);
        Grow(ref _timesMs, slots);
        Grow(ref _notes, slots);
    }

    /// <summary>Where an entity's answer is to be written.</summary>
    public AnswerSlots Slots(int index)
    {
        EntityHeader header = _headers[index];
        return new AnswerSlots(
            _values.AsSpan(header.Start, header.Length),
            _statuses.AsSpan(header.Start, header.Length),
            _timesMs.AsSpan(header.Start, header.Length),
            _notes.AsSpan(header.Start, header.Length));
    }

    /// <summary>Completes an entity's answer.</summary>
    /// <param name="index">Its place in the query.</param>
    /// <param name="headMs">The head that was used.</param>
    /// <param name="newestMs">Its newest event time; <see cref="EventTimes.None"/>: never seen.</param>
    /// <param name="skipped">How many of its events are among the dead letters.</param>
    /// <param name="positions">Its applied positions; copied.</param>
    public void Complete(int index, long headMs, long newestMs, long skipped, ReadOnlySpan<Position> positions)
    {
        Grow(ref _positions, _positionCount + positions.Length);
        positions.CopyTo(_positions.AsSpan(_positionCount));
        _headers[index] = _headers[index] with
        {
            HeadMs = headMs,
            NewestMs = newestMs,
            SkippedEvents = skipped,
            PositionStart = _positionCount,
            PositionCount = positions.Length,
        };
        _positionCount += positions.Length;
    }

    /// <summary>Says of every value of an entity that its state is not complete yet.</summary>
    public void MarkRebuilding(int index)
    {
        foreach (ref FeatureStatus status in Slots(index).Statuses)
        {
            status = status == FeatureStatus.UnknownFeature ? status : FeatureStatus.Rebuilding;
        }
    }

    /// <summary>Says of an entity that it could not be asked.</summary>
    public void MarkUnreached(int index, string why, long headMs)
    {
        AnswerSlots slots = Slots(index);
        slots.Values.Clear();
        slots.Statuses.Fill(FeatureStatus.Rebuilding);
        slots.EventTimesMs.Fill(EventTimes.None);
        slots.Notes.Clear();
        Complete(index, headMs, EventTimes.None, 0, []);
        Unreached.Add((index, why));
    }

    /// <summary>Forgets everything and keeps buffers.</summary>
    public void Clear()
    {
        Array.Clear(_values, 0, Math.Min(_slots, _values.Length));
        Count = 0;
        _slots = 0;
        _positionCount = 0;
        Past.Clear();
        Unreached.Clear();
        Arena.Reset();
    }

    private static void Grow<T>(ref T[] array, int needed)
    {
        if (array.Length < needed)
        {
            Array.Resize(ref array, Math.Max(needed, array.Length * 2));
        }
    }

    /// <summary>One entity of an answer.</summary>
    /// <param name="Start">Where its values start.</param>
    /// <param name="Length">How many values.</param>
    /// <param name="HeadMs">The head that was used, milliseconds since the Unix epoch.</param>
    /// <param name="NewestMs">Its newest event time; <see cref="EventTimes.None"/>: never seen.</param>
    /// <param name="SkippedEvents">How many of its events are among the dead letters.</param>
    /// <param name="PositionStart">Where its positions start.</param>
    /// <param name="PositionCount">How many positions.</param>
    public readonly record struct EntityHeader(
        int Start, int Length, long HeadMs, long NewestMs, long SkippedEvents, int PositionStart, int PositionCount);
}
