using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Reads a CloudEvent's attributes and finds its data: from one JSON object (structured mode, CloudEvents JSON event
/// format 1.0) or from a record's headers (binary mode, CloudEvents Kafka protocol binding 1.0). Reused.
/// </summary>
internal sealed class CloudEventEnvelope(CloudEventAttributes attributes)
{
    private readonly ExpressionScratch _scratch = new();
    private byte[] _buffer = [];
    private int _start;
    private bool _hasData;

    /// <summary>Where the data starts, from the payload's start.</summary>
    internal int DataStart { get; private set; }

    /// <summary>The data's bytes; 0: there is none, or it is null.</summary>
    internal int DataLength { get; private set; }

    /// <summary>Whether there is data twice, so that nobody knows which is meant.</summary>
    internal bool HasDataTwice { get; private set; }

    /// <summary>Whether the data is in base 64.</summary>
    internal bool HasBase64 { get; private set; }

    /// <summary>Whether the attributes stand in headers.</summary>
    internal bool IsBinary { get; private set; }

    /// <summary>A member that occurs twice, or half a surrogate pair; positions are from the payload's start.</summary>
    internal Fault Fault { get; private set; }

    /// <summary>Whether a record is in binary mode: it has a version among its headers, and its content type does not
    /// say that the payload is a whole event.</summary>
    internal static bool IsBinaryMode(ReadOnlySpan<byte> headers) =>
        !headers.IsEmpty
        && LogHeaders.TryFind(headers, "ce_specversion"u8, out _)
        && !(LogHeaders.TryFind(headers, "content-type"u8, out ReadOnlySpan<byte> type)
            && MediaType.StartsWith(type, "application/cloudevents"u8));

    /// <summary>Room for a text that lives as long as the event.</summary>
    internal (byte[] Bytes, int Start) Take(int length) => _scratch.Take(length);

    /// <summary>Reads the attributes of a record in binary mode; its payload is the data.</summary>
    internal void ReadBinary(ArraySegment<byte> headers, ReadOnlySpan<byte> payload)
    {
        Begin(headers.Array ?? [], 0);
        IsBinary = true;
        ReadOnlySpan<byte> rest = headers;
        while (LogHeaders.TryTake(ref rest, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            int attribute = name.StartsWith("ce_"u8) ? attributes.Find(name[3..])
                : System.Text.Ascii.EqualsIgnoreCase(name, "content-type"u8) ? CloudEventAttributes.ContentType
                : -1;
            if (attribute >= 0)
            {
                int start = headers.Offset + headers.Count - rest.Length - value.Length;
                attributes.Note(attribute, AttributeForm.Text, Value.Text(_buffer, start, value.Length));
            }
        }

        DataStart = SchemaFrame.LengthOf(payload);
        ReadOnlySpan<byte> data = payload[DataStart..].Trim(" \t\r\n"u8);
        DataLength = data.IsEmpty || data.SequenceEqual("null"u8) ? 0 : payload.Length - DataStart;
    }

    /// <summary>Walks over a payload in structured mode; false when it is no JSON object.</summary>
    /// <param name="cursor">At the start of the object.</param>
    /// <param name="buffer">Holds the payload.</param>
    /// <param name="start">Where the cursor's text starts in it.</param>
    internal bool Read(ref JsonCursor cursor, byte[] buffer, int start)
    {
        Begin(buffer, start);
        if (cursor.Peek() != '{')
        {
            return cursor.FailStart();
        }

        cursor.At++;
        bool open = cursor.Peek() != '}';
        cursor.At += open ? 0 : 1;
        while (open)
        {
            if (!cursor.ReadName(out JsonText name) || !Member(ref cursor, name))
            {
                return false;
            }

            byte next = cursor.Peek();
            if (next is not ((byte)',' or (byte)'}'))
            {
                return cursor.Fail(DecodeHint.ExpectedCommaOrEnd);
            }

            cursor.At++;
            open = next == ',';
        }

        int lone = cursor.LoneSurrogateAt;
        Fault = Fault.Error == DecodeError.None && lone >= 0
            ? new Fault(DecodeError.LoneSurrogate, DecodeHint.None, -1, lone, lone, 6)
            : Fault;
        return (cursor.Peek() == 0 && cursor.At == cursor.Text.Length) || cursor.Fail(DecodeHint.TrailingText);
    }

    private void Begin(byte[] buffer, int start)
    {
        (_buffer, _start) = (buffer, start);
        (DataStart, DataLength, HasBase64, IsBinary) = (0, 0, false, false);
        (_hasData, HasDataTwice) = (false, false);
        Fault = default;
        attributes.Clear();
        _scratch.Reset();
    }

    private bool Member(ref JsonCursor cursor, JsonText name)
    {
        ReadOnlySpan<byte> word = Plain(name).Utf8;
        int attribute = attributes.Find(word);
        byte first = cursor.Peek();
        int start = cursor.At;
        Value text = default;
        AttributeForm form = first switch
        {
            (byte)'"' => AttributeForm.Text,
            (byte)'n' => AttributeForm.Null,
            (byte)'{' or (byte)'[' => AttributeForm.Nested,
            _ => AttributeForm.Scalar,
        };
        if (first == '"' && attribute >= 0)
        {
            if (!cursor.ReadText(out JsonText found))
            {
                return false;
            }

            text = Plain(found);
        }
        else if (!cursor.SkipValue())
        {
            return false;
        }
        else if (form == AttributeForm.Scalar)
        {
            text = Value.Text(_buffer, _start + start, cursor.At - start);
        }

        bool isFirst = attribute < 0 || attributes.Note(attribute, form, text);
        if (word.SequenceEqual("data"u8))
        {
            isFirst = !_hasData;
            HasDataTwice |= _hasData;
            _hasData = true;
            (DataStart, DataLength) = first == 'n' ? (0, 0) : (start, cursor.At - start);
        }

        HasBase64 |= word.SequenceEqual("data_base64"u8) && first != 'n';
        if (!isFirst && Fault.Error == DecodeError.None)
        {
            Fault = new Fault(DecodeError.DuplicateMember, DecodeHint.None, -1, name.Start, name.Start, name.Length);
        }

        return true;
    }

    private Value Plain(JsonText text)
    {
        if (!text.Escaped)
        {
            return Value.Text(_buffer, _start + text.Start, text.Length);
        }

        (byte[] bytes, int at) = _scratch.Take(text.Length);
        ReadOnlySpan<byte> source = _buffer.AsSpan(_start + text.Start, text.Length);
        return Value.Text(bytes, at, JsonText.Unescape(source, bytes.AsSpan(at, text.Length)));
    }
}
