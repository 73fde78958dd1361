using System.Globalization;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded;

/// <summary>
/// Dead letters as records: the payload stands unchanged, what is known about the failure in headers with the names
/// that Kafka Connect uses, so that its tools read them.
/// </summary>
internal static class DeadLetterHeaders
{
    private const string Topic = "__connect.errors.topic";
    private const string Partition = "__connect.errors.partition";
    private const string Offset = "__connect.errors.offset";
    private const string Reason = "__connect.errors.exception.class.name";
    private const string Message = "__connect.errors.exception.message";
    private const string ValueBytes = "contextgrid.errors.value.bytes";
    private const int MessageCharsMax = 8 * 1024;

    /// <summary>The record of a letter; a key or value beyond the log's limits is cut, which a header tells.</summary>
    public static LogRecord Encode(DeadLetter letter)
    {
        string message = letter.Message.Length <= MessageCharsMax ? letter.Message : letter.Message[..MessageCharsMax];
        var headers = new List<KeyValuePair<string, string>>
        {
            new(Topic, letter.Source.Topic),
            new(Partition, Text(letter.Source.Partition)),
            new(Offset, Text(letter.Offset)),
            new("__connect.errors.connector.name", "contextgrid"),
            new("__connect.errors.stage", "VALUE_CONVERTER"),
            new(Reason, letter.Reason),
            new(Message, message),
        };
        if (letter.Value.Length > Log.RecordFormat.ValueBytesMax)
        {
            headers.Add(new(ValueBytes, Text(letter.Value.Length)));
        }

        return new LogRecord(
            0, letter.TimeMs, Cut(letter.Key, Log.RecordFormat.KeyBytesMax),
            Cut(letter.Value, Log.RecordFormat.ValueBytesMax), LogHeaders.Encode(headers));
    }

    /// <summary>The letter in a record of the batch.</summary>
    public static DeadLetterEntry Decode(LogBatch batch, int index)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, string text) in LogHeaders.Decode(batch.Headers(index)))
        {
            headers[name] = text;
        }

        var source = new TopicPartition(headers.GetValueOrDefault(Topic, ""), (int)Number(headers, Partition));
        byte[] value = batch.Value(index).ToArray();
        var letter = new DeadLetter(
            source, Number(headers, Offset), headers.GetValueOrDefault(Reason, "unknown"),
            headers.GetValueOrDefault(Message, ""), batch[index].TimestampMs, batch.Key(index).ToArray(), value);
        return new DeadLetterEntry(batch[index].Offset, letter, Math.Max(Number(headers, ValueBytes), value.Length));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static ReadOnlyMemory<byte> Cut(ReadOnlyMemory<byte> bytes, int most) =>
        bytes.Length <= most ? bytes : bytes[..most];

    private static long Number(Dictionary<string, string> headers, string name) =>
        headers.TryGetValue(name, out string? text)
        && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : -1;
}
