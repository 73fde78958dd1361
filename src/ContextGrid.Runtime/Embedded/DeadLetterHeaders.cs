using System.Globalization;
using System.Text;
using ContextGrid.Runtime.DeadLetters;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded;

/// <summary>
/// Dead letters as records: the payload stands unchanged, what is known about the failure in headers with the names
/// that Kafka Connect uses, so that its tools read them (org.apache.kafka.connect.runtime.errors
/// .DeadLetterQueueReporter; a letter is no exception, so it has no <c>exception.stacktrace</c>). Ours come first and
/// end with <see cref="Own"/>; behind it stand the record's own headers, as they were.
/// </summary>
internal static class DeadLetterHeaders
{
    /// <summary>What the names of Kafka Connect begin with.</summary>
    internal const string ConnectPrefix = "__connect.errors.";

    /// <summary>The record's topic.</summary>
    internal const string Topic = ConnectPrefix + "topic";

    /// <summary>The record's partition; −1: it never had one.</summary>
    internal const string Partition = ConnectPrefix + "partition";

    /// <summary>The record's offset; −1: it never had one.</summary>
    internal const string Offset = ConnectPrefix + "offset";

    private const string Reason = ConnectPrefix + "exception.class.name";
    private const string Message = ConnectPrefix + "exception.message";
    private const string RecordTime = "contextgrid.errors.record.timestamp";
    private const string ValueBytes = "contextgrid.errors.value.bytes";
    private const string Own = "contextgrid.errors.record.headers";
    private const string OwnCut = "cut";
    private const int MessageCharsMax = 8 * 1024;

    /// <summary>
    /// The record of a letter; a key or value beyond the log's limits is cut, and headers that leave no room for ours
    /// are left out, which a header tells.
    /// </summary>
    /// <param name="letter">The letter.</param>
    /// <param name="valueBytesMax">A longer value is cut to it.</param>
    public static LogRecord Encode(DeadLetter letter, int valueBytesMax = Log.RecordFormat.ValueBytesMax)
    {
        string message = letter.Message.Length <= MessageCharsMax ? letter.Message : letter.Message[..MessageCharsMax];
        bool isConflict = letter.Reason == EventBatch.IdConflict;
        var headers = new List<KeyValuePair<string, string>>
        {
            new(Topic, letter.Source.Topic),
            new(Partition, Text(letter.Source.Partition)),
            new(Offset, Text(letter.Offset)),
            new(ConnectPrefix + "connector.name", "contextgrid"),
            new(ConnectPrefix + "task.id", Text(letter.Source.Partition)),
            new(ConnectPrefix + "stage", isConflict ? "TASK_PUT" : "VALUE_CONVERTER"),
            new(ConnectPrefix + "class.name", isConflict ? "contextgrid.IdWindow" : "contextgrid.EventDecoder"),
            new(Reason, letter.Reason),
            new(Message, message),
            new(RecordTime, Text(letter.RecordTimeMs)),
        };
        if (letter.Value.Length > valueBytesMax)
        {
            headers.Add(new(ValueBytes, Text(letter.Value.Length)));
        }

        return new LogRecord(
            0, letter.TimeMs, Cut(letter.Key, Log.RecordFormat.KeyBytesMax),
            Cut(letter.Value, valueBytesMax), WithOwn(headers, letter.Headers));
    }

    /// <summary>The letter in a record of the batch. Letters of Kafka Connect and of before some header was there are
    /// understood as far as they go.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="index">The record.</param>
    /// <param name="withValue">Whether the payload is wanted.</param>
    public static DeadLetterEntry Decode(LogBatch batch, int index, bool withValue = true)
    {
        ReadOnlySpan<byte> headers = batch.Headers(index);
        ReadOnlySpan<byte> value = batch.Value(index);
        (TopicPartition source, long offset) = SourceOf(headers);
        long timeMs = batch[index].TimestampMs;
        var letter = new DeadLetter(
            source, offset, Find(headers, Reason) ?? "unknown", Find(headers, Message) ?? "", timeMs,
            batch.Key(index).ToArray(), withValue ? value.ToArray() : default)
        {
            RecordTimeMs = Number(headers, RecordTime, timeMs),
            Headers = OwnOf(headers),
        };
        return new DeadLetterEntry(
            batch[index].Offset, letter, Math.Max(Number(headers, ValueBytes, 0), value.Length));
    }

    /// <summary>Where the record of a letter came from; offset −1: it never reached the log.</summary>
    public static (TopicPartition Source, long Offset) SourceOf(ReadOnlySpan<byte> headers) =>
        (new TopicPartition(Find(headers, Topic) ?? "", (int)Number(headers, Partition, -1)),
            Number(headers, Offset, -1));

    /// <summary>The value of the first header of a name; null: there is none.</summary>
    public static string? Find(ReadOnlySpan<byte> headers, string name)
    {
        Span<byte> utf8 = stackalloc byte[64];
        int length = Encoding.UTF8.GetBytes(name, utf8);
        return LogHeaders.TryFind(headers, utf8[..length], out ReadOnlySpan<byte> value)
            ? Encoding.UTF8.GetString(value)
            : null;
    }

    /// <summary>A number in a header.</summary>
    public static long Number(ReadOnlySpan<byte> headers, string name, long otherwise) =>
        long.TryParse(
            Find(headers, name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : otherwise;

    /// <summary>A number as a header's value.</summary>
    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static byte[] WithOwn(List<KeyValuePair<string, string>> ours, ReadOnlyMemory<byte> own)
    {
        ours.Add(new(Own, "kept"));
        byte[] encoded = LogHeaders.Encode(ours);
        if (encoded.Length + own.Length <= Log.RecordFormat.HeadersBytesMax)
        {
            return [.. encoded, .. own.Span];
        }

        ours[^1] = new(Own, OwnCut);
        return LogHeaders.Encode(ours);
    }

    // Kafka Connect adds its headers behind the record's own, so without our mark all others are the record's.
    private static byte[] OwnOf(ReadOnlySpan<byte> headers)
    {
        ReadOnlySpan<byte> rest = headers;
        var foreign = new List<byte>();
        while (true)
        {
            ReadOnlySpan<byte> before = rest;
            if (!LogHeaders.TryTake(ref rest, out ReadOnlySpan<byte> name, out _))
            {
                return [.. foreign];
            }

            if (name.SequenceEqual("contextgrid.errors.record.headers"u8))
            {
                return rest.ToArray();
            }

            if (!name.StartsWith("__connect.errors."u8) && !name.StartsWith("contextgrid.errors."u8))
            {
                foreign.AddRange(before[..(before.Length - rest.Length)]);
            }
        }
    }

    private static ReadOnlyMemory<byte> Cut(ReadOnlyMemory<byte> bytes, int most) =>
        bytes.Length <= most ? bytes : bytes[..most];
}
