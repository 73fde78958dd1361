using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.DeadLetters;

/// <summary>
/// What has become of every letter: built by one pass over the dead-letter topic at the first use, and brought up to
/// date by reading what is new. The topic is the only truth; nothing is noted here that is not durable there. One
/// thread at a time.
/// </summary>
/// <remarks>
/// Several processes may decide about one topic. Its order decides between them, so that all see the same: of two that
/// begin to retry a letter the first does it, and what was decided before that was known is void.
/// </remarks>
/// <param name="log">Has the topic <see cref="DeadLetterTopic.Name"/>.</param>
/// <param name="recordsMax">The most records of the topic that are held; a power of two.</param>
internal sealed class LetterIndex(IEventLog log, int recordsMax = LetterIndex.RecordsMax)
{
    /// <summary>
    /// The most records, letters and marks, whose state is held: 8 bytes each, and 16 for the record that a letter is
    /// about, so at most 100 MiB, and twice that for a moment while lists grow.
    /// </summary>
    public const int RecordsMax = 4 * 1024 * 1024;

    /// <summary>The topic's partition.</summary>
    internal static readonly TopicPartition Topic = new(DeadLetterTopic.Name, 0);

    private readonly LetterSources _sources = new();
    private readonly Dictionary<long, LetterMark> _pending = [];

    /// <summary>The states.</summary>
    public LetterSlots Slots { get; } = new(recordsMax);

    /// <summary>
    /// The marks of retries whose end is not known, by letter; a mark keeps the number that its record has, also where
    /// another letter stands for that one.
    /// </summary>
    public IReadOnlyDictionary<long, LetterMark> Pending => _pending;

    /// <summary>How many records of the topic are older than what is held.</summary>
    public long Untracked { get; private set; }

    /// <summary>Reads what is new. What was read before a failure or the end of the wait stays read.</summary>
    /// <exception cref="EventLogException">The topic can't be read.</exception>
    public async ValueTask CatchUpAsync(CancellationToken cancellationToken)
    {
        LogRange range = await log.GetRangeAsync(Topic, cancellationToken);
        Slots.ForgetBefore(range.Start);
        if (Slots.Next < range.End)
        {
            await using var scan = new LogScan(log, Topic, Slots.Next, range.End);
            while (await scan.ReadAsync(cancellationToken))
            {
                for (int i = 0; i < scan.Count; i++)
                {
                    See(scan.Batch, i);
                }
            }
        }

        Untracked = Slots.First - range.Start;
        if (_sources.Count > Math.Min(recordsMax, 2 * (Slots.Next - Slots.First) + 1024))
        {
            _sources.Trim(Slots.First, withDecided: false);
        }

        if (_sources.Count > recordsMax)
        {
            _sources.Trim(Slots.First, withDecided: true);
        }
    }

    private void See(LogBatch batch, int index)
    {
        long offset = batch[index].Offset;
        if (LetterMark.Decode(batch, index) is { } mark)
        {
            Slots.Append(offset, LetterState.None, -1);
            if (mark.State != LetterState.None)
            {
                Take(mark, offset);
            }

            return;
        }

        (TopicPartition source, long sourceOffset) = DeadLetterHeaders.SourceOf(batch.Headers(index));
        if (sourceOffset < 0)
        {
            Slots.Append(offset, LetterState.Open, -1);
        }
        else if (_sources.TryFind(source, sourceOffset, out long same, out bool isDecided)
            && (isDecided || same >= Slots.First))
        {
            Slots.Append(offset, LetterState.Same, same);
        }
        else
        {
            _sources.Set(source, sourceOffset, offset, isDecided: false);
            Slots.Append(offset, LetterState.Open, -1);
        }
    }

    private void Take(LetterMark mark, long offset)
    {
        long letter = mark.Letter;
        if (mark.SourceOffset >= 0)
        {
            // A letter that is no longer kept may have a later one about the same record, which the mark decides then.
            bool isKnown = _sources.TryFind(mark.Source, mark.SourceOffset, out long known, out _);
            letter = isKnown && Slots.StateOf(letter) == LetterState.None ? known : letter;
        }

        if (!Counts(mark, letter))
        {
            return;
        }

        if (mark.SourceOffset >= 0)
        {
            _sources.Set(mark.Source, mark.SourceOffset, letter, mark.State != LetterState.Open);
        }

        if (Slots.StateOf(letter) != LetterState.None)
        {
            Slots.Set(letter, mark.State, offset);
        }

        _pending.Remove(letter);
        if (mark.State == LetterState.Retrying)
        {
            _pending[letter] = mark;
        }
    }

    private bool Counts(LetterMark mark, long letter)
    {
        LetterState before = Slots.StateOf(letter);
        bool isPending = _pending.TryGetValue(letter, out LetterMark? pending);
        return mark.Owner.Length == 0 || mark.State switch
        {
            LetterState.Retried => true,
            LetterState.Retrying => !isPending && before != LetterState.Retried,
            LetterState.Open => isPending && pending!.Intent == mark.Intent,
            _ => isPending ? pending!.Intent == mark.Intent : before != LetterState.Retried, // Found, so not null.
        };
    }
}
