using System.Globalization;
using System.Text;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.DeadLetters;

/// <summary>
/// What was decided about a dead letter, as a record of the dead-letter topic: no key, no value, and
/// <c>contextgrid.letter.state</c> as its first header, which no letter has. The newest mark of a letter counts, less
/// those that came too late: see <see cref="LetterIndex"/>.
/// </summary>
/// <param name="State">The letter's state from here on.</param>
/// <param name="Letter">The letter's number.</param>
/// <param name="Source">Where the letter's record came from, so that a letter about the same record is known when this
/// one is no longer kept.</param>
/// <param name="SourceOffset">Its offset there; −1: none.</param>
/// <param name="TimeMs">When, milliseconds since the Unix epoch.</param>
public sealed record LetterMark(
    LetterState State, long Letter, TopicPartition Source, long SourceOffset, long TimeMs)
{
    private const string StateName = "contextgrid.letter.state";
    private const string LetterName = "contextgrid.letter.number";
    private const string TargetPartition = "contextgrid.letter.partition";
    private const string TargetOffset = "contextgrid.letter.offset";
    private const string HashName = "contextgrid.letter.hash";
    private const string NoteName = "contextgrid.letter.note";
    private const string OwnerName = "contextgrid.letter.owner";
    private const string IntentName = "contextgrid.letter.intent";

    private static readonly string[] States = ["", "open", "retrying", "retried", "discarded", "same"];

    /// <summary>
    /// <see cref="LetterState.Retrying"/>: the partition that takes the record, and the offset from which on it can be
    /// there; <see cref="LetterState.Retried"/>: where it is. The topic is the source's.
    /// </summary>
    public RecordPosition Target { get; init; } = new(-1, -1);

    /// <summary>The hash of the payload that is retried, which tells its record from others.</summary>
    public ulong Hash { get; init; }

    /// <summary>Why it was discarded; empty: nobody said.</summary>
    public string Note { get; init; } = "";

    /// <summary>The process that decided, named for people and unlike all others; empty: of a version in which one
    /// process decided about a topic.</summary>
    public string Owner { get; init; } = "";

    /// <summary>The mark <see cref="LetterState.Retrying"/> that this one is about, by its offset; −1: about none. Of a
    /// mark Retrying that was read, its own offset.</summary>
    public long Intent { get; init; } = -1;

    /// <summary>The mark as a record.</summary>
    internal LogRecord Encode() => new(0, TimeMs, default, default, LogHeaders.Encode(
    [
        new(StateName, States[(int)State]),
        new(LetterName, DeadLetterHeaders.Text(Letter)),
        new(DeadLetterHeaders.Topic, Source.Topic),
        new(DeadLetterHeaders.Partition, DeadLetterHeaders.Text(Source.Partition)),
        new(DeadLetterHeaders.Offset, DeadLetterHeaders.Text(SourceOffset)),
        new(TargetPartition, DeadLetterHeaders.Text(Target.Partition)),
        new(TargetOffset, DeadLetterHeaders.Text(Target.Offset)),
        new(HashName, Hash.ToString("x16", CultureInfo.InvariantCulture)),
        new(NoteName, Note),
        new(OwnerName, Owner),
        new(IntentName, DeadLetterHeaders.Text(Intent)),
    ]));

    /// <summary>The mark in a record; null: the record is a letter.</summary>
    internal static LetterMark? Decode(LogBatch batch, int index)
    {
        ReadOnlySpan<byte> headers = batch.Headers(index), rest = headers;
        if (!LogHeaders.TryTake(ref rest, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> state)
            || !name.SequenceEqual("contextgrid.letter.state"u8))
        {
            return null;
        }

        (TopicPartition source, long offset) = DeadLetterHeaders.SourceOf(headers);
        var decided = (LetterState)Math.Max(0, Array.IndexOf(States, Encoding.UTF8.GetString(state)));
        return new LetterMark(
            decided,
            DeadLetterHeaders.Number(headers, LetterName, -1), source, offset, batch[index].TimestampMs)
        {
            Target = new RecordPosition(
                (int)DeadLetterHeaders.Number(headers, TargetPartition, -1),
                DeadLetterHeaders.Number(headers, TargetOffset, -1)),
            Hash = ulong.TryParse(
                DeadLetterHeaders.Find(headers, HashName), NumberStyles.HexNumber, CultureInfo.InvariantCulture,
                out ulong hash) ? hash : 0,
            Note = DeadLetterHeaders.Find(headers, NoteName) ?? "",
            Owner = DeadLetterHeaders.Find(headers, OwnerName) ?? "",
            Intent = decided == LetterState.Retrying
                ? batch[index].Offset
                : DeadLetterHeaders.Number(headers, IntentName, -1),
        };
    }
}
