using System.Globalization;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>Puts a refused payload into words. Off the hot path.</summary>
internal static class DecodeMessage
{
    private const int FoundCharsMax = 60;

    internal static string Build(in DecodeResult result) => Sentence.End(Text(result));

    private static string Text(in DecodeResult result)
    {
        string place = Place(result) + (IsHeader(result) ? "" : Invariant($" at byte {result.Position}"));
        return result.Error switch
        {
            DecodeError.InvalidJson => $"{place}: not valid JSON: {Syntax(result)}.",
            DecodeError.NotAnObject =>
                $"{place}: found {Found(result)}; an event is one JSON object, such as {{\"a\": 1}}.",
            DecodeError.TooDeep => $"{place}: objects and arrays may be nested at most {JsonCursor.DepthMax} deep.",
            DecodeError.InvalidUtf8 when IsHeader(result) => $"{place}: the header must be UTF-8.",
            DecodeError.InvalidUtf8 => $"{place}: the payload must be UTF-8; {Encoded(result)}.",
            DecodeError.LoneSurrogate =>
                $"{place}: a \\u escape is half of a surrogate pair; write both halves, or the character itself.",
            DecodeError.DuplicateMember => $"{place}: the member occurs twice; send it once.",
            DecodeError.WrongType when result.FoundText is { } found => $"{place}: {found}.",
            DecodeError.WrongType =>
                $"{place}: found {Found(result)}; {Meant(result)} was meant{WrongTypeHint(result)}.",
            DecodeError.NumberOutOfRange => $"{place}: {Found(result)} does not fit {Meant(result)}{Range(result)}.",
            DecodeError.ListTooLong => $"{place}: the list has more than {JsonEventDecoder.ListItemsMax} items.",
            DecodeError.MissingTimestamp =>
                $"{place}: the event time is missing or null; send epoch milliseconds or an RFC 3339 text.",
            DecodeError.BadTimestamp => $"{place}: found {Found(result)}; {TimestampHint(result)}.",
            DecodeError.TooFarInFuture => $"{place}: {Future(result)}.",
            DecodeError.MissingKey => $"{Place(result)}: the event has a key for no entity; {Keys(result)}.",
            DecodeError.EmptyKey =>
                $"{place}: the key is an empty text; leave the member out or send null for \"none\".",
            DecodeError.KeyTooLong => $"{place}: the key is longer than {EntityKey.BytesMax} bytes.",
            DecodeError.TooLarge => Invariant($"{Place(result)}: the payload has {result.FoundLength} bytes; ")
                + Invariant($"at most {JsonEventDecoder.PayloadBytesMax} are taken."),
            _ => BySchema(result, place),
        };
    }

    private static string BySchema(in DecodeResult result, string place) => result.Error switch
    {
        DecodeError.NotFramed => $"{Place(result)}: the payload has no frame by which the schema registry finds its "
            + $"schema (a zero byte and the schema's id in four bytes): {result.FoundText}.",
        DecodeError.InvalidAvro => $"{place}: not valid Avro: {Wire(result)}.",
        DecodeError.InvalidProtobuf => $"{place}: not valid Protobuf: {Wire(result)}.",
        _ => $"{Place(result)}: {result.FoundText}",
    };

    private static string Wire(in DecodeResult result) => result.Hint switch
    {
        DecodeHint.NumberTooLong => "a number has more bytes than its type allows",
        DecodeHint.BadLength => "a length or a count is negative, or larger than what is left of the payload",
        DecodeHint.BadIndex => "the index of a union's branch, of a symbol or of a message is not in the schema",
        DecodeHint.BadBool => "a boolean is neither 0 nor 1",
        DecodeHint.TrailingBytes => "bytes are left after the record; another schema may have written it",
        DecodeHint.BadTag => "a field's number is 0, or its wire type is unknown",
        DecodeHint.BadGroup => "a group ends that was not begun, or does not end",
        _ => "the payload ends too early",
    };

    private static string Encoded(in DecodeResult result) =>
        ByteOrderMark.ForeignEncoding(result.Buffer.AsSpan(
            result.FoundStart, Math.Min(result.FoundLength, ByteOrderMark.BytesMax))) is { } encoding
            ? $"its byte order mark says that it is {encoding}"
            : "this byte is not";

    private static string Place(in DecodeResult result)
    {
        string name = result.Definition?.Name ?? "event";
        if (result.FieldIndex < 0 || result.Definition is not { } definition)
        {
            return name;
        }

        FieldDefinition field = definition.Fields[result.FieldIndex];
        string source = result.Members == 0
            ? field.Source.Text
            : FieldSource.Print(field.Source.Path.AsSpan()[..result.Members]);
        return source == field.Name ? $"{name}.{field.Name}" : $"{name}.{field.Name} ({source})";
    }

    private static bool IsHeader(in DecodeResult result) =>
        result.FieldIndex >= 0 && result.Definition is { } definition
        && definition.Fields[result.FieldIndex].Source.IsHeader;

    private static string Syntax(in DecodeResult result) => result.Hint switch
    {
        DecodeHint.Empty => "the payload is empty",
        DecodeHint.TrailingText => "there is text after the object; send one object a record",
        DecodeHint.CutShort => "the text ends too early",
        DecodeHint.NotFinite => "JSON has no NaN or Infinity; send null",
        DecodeHint.ControlCharacter => "a control character in a text must be escaped",
        DecodeHint.BadEscape => "an escape is one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX",
        DecodeHint.BadNumber => "a number looks like -12.5e3",
        DecodeHint.LeadingZero => "a number may not start with a needless zero or a plus",
        DecodeHint.ExpectedName => "a member's name in double quotes was expected",
        DecodeHint.ExpectedColon => "a colon after the member's name was expected",
        DecodeHint.ExpectedCommaOrEnd => "a comma or the closing bracket was expected",
        _ => "a value was expected",
    };

    private static string Meant(in DecodeResult result) => Type(result) switch
    {
        _ when result.Members > 0 => "an object",
        ValueKind.Bool => "true or false",
        ValueKind.Int64 => "an integer of 64 bits",
        ValueKind.Double => "a number",
        ValueKind.String => "a text in double quotes",
        ValueKind.Timestamp => "a timestamp (epoch milliseconds or RFC 3339)",
        _ => "a list of numbers, texts, true or false",
    };

    private static ValueKind Type(in DecodeResult result) =>
        result.FieldIndex >= 0 && result.Definition is { } definition
            ? definition.Fields[result.FieldIndex].Type
            : ValueKind.Null;

    private static string WrongTypeHint(in DecodeResult result) => result.Hint switch
    {
        _ when result.Members > 0 && result.Buffer is { } bytes && bytes[result.FoundStart] == '[' =>
            "; a path does not go into arrays",
        DecodeHint.NumberInQuotes => "; write the number without quotes",
        DecodeHint.TextWithoutQuotes => "; write the text in quotes",
        DecodeHint.Fraction when result.FieldIndex == result.Definition?.TimestampField =>
            "; it has a fraction: declare the field as timestamp(s) for seconds with a fraction",
        DecodeHint.Fraction => "; it has a fraction: declare the field as double to allow fractions",
        DecodeHint.NestedList => "; a list's items are not lists or objects",
        _ => "",
    };

    private static string Range(in DecodeResult result) => Type(result) == ValueKind.Double
        ? "; the largest is about 1.8e308"
        : "; declare the field as double, or as string when it is an identifier";

    private static string TimestampHint(in DecodeResult result)
    {
        string unit = result.Hint switch
        {
            DecodeHint.Seconds => "s",
            DecodeHint.Milliseconds => "ms",
            DecodeHint.Microseconds => "us",
            DecodeHint.Nanoseconds => "ns",
            _ => "",
        };

        // A schema's unit stands behind the number.
        if (unit.Length > 0 && result.FoundText?.Split(' ') is [_, { } schema])
        {
            return $"it looks like {unit}, and its schema says {schema}; if it is right, declare "
                + Declared(result, schema);
        }

        string declare = result.Hint is < DecodeHint.Year or > DecodeHint.Nanoseconds ? ""
            : unit.Length == 0 ? $"; if it is right, declare {Declared(result, "ms")}"
            : $"; or declare {Declared(result, unit)}, or with ms if it is right";
        return TimeText.Explain(result.Hint) + declare;
    }

    // How a definition states the unit of the field that is wrong.
    private static string Declared(in DecodeResult result, string unit)
    {
        FieldDefinition? field = result.FieldIndex >= 0 ? result.Definition?.Fields[result.FieldIndex] : null;
        return field is { Type: ValueKind.Int64 }
            ? $"'timestamp: {{field: {field.Name}, unit: {unit}}}'"
            : $"the field's type as 'timestamp({unit})'";
    }

    private static string Future(in DecodeResult result) =>
        $"the event time {Value.Timestamp(result.EventTimeMs)} is more than "
        + Invariant($"{result.Definition?.FutureMsMax} ms ahead of the record's time ")
        + $"{Value.Timestamp(result.RecordTimeMs)}; check the producer's clock";

    private static string Keys(in DecodeResult result)
    {
        string meant = "send at least one of the members that the entities' `from` name as key";
        FieldSource? source = result.Definition is { KeyField: >= 0 } definition
            ? definition.Fields[definition.KeyField].Source
            : null;
        return source is not null && (source.IsHeader || source.Path.Length > 1)
            ? $"{meant}, such as {(source.IsHeader ? "the " : "the path ")}{source}"
            : meant;
    }

    private static string Found(in DecodeResult result)
    {
        if (result.FoundText is { } text)
        {
            return text;
        }

        if (result.Buffer is null || result.FoundLength <= 0)
        {
            return "nothing";
        }

        // Four bytes are the most that a character takes, so this is enough for the characters shown.
        int bytes = Math.Min(result.FoundLength, FoundCharsMax * 4);
        string found = Encoding.UTF8.GetString(result.Buffer, result.FoundStart, bytes);
        var shown = new StringBuilder();
        foreach (char c in found.AsSpan(0, Math.Min(found.Length, FoundCharsMax)))
        {
            shown.Append(char.IsControl(c) ? '·' : c);
        }

        return shown.Append(found.Length > FoundCharsMax || bytes < result.FoundLength ? "…" : "").ToString();
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
