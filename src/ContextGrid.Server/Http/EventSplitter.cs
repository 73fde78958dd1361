using ContextGrid.Core.Model;
using System.Globalization;
using System.Text.Json;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Server.Grpc;

namespace ContextGrid.Server.Http;

/// <summary>
/// Cuts a body into events: one JSON value, a JSON array, or lines. The bytes of each event are those of the body,
/// unchanged. Only what stands between events is checked here: whether an event itself is good is for the decoder to
/// say, one by one.
/// </summary>
internal static class EventSplitter
{
    // A value may nest as deep as it likes here: the decoder refuses it without harm to its neighbours.
    private const int DepthMax = 1 << 20;

    /// <summary>Cuts a body.</summary>
    /// <param name="body">The body.</param>
    /// <param name="message">How the body holds events, and the headers of their records.</param>
    /// <returns>The events; none only of an empty batch of CloudEvents, which is a batch (JSON format, section 4).
    /// </returns>
    /// <exception cref="GrpcException">INVALID_ARGUMENT: there is no event, there are too many, or the array is
    /// broken.</exception>
    internal static List<PublishItem> Split(ReadOnlyMemory<byte> body, in EventMessage message)
    {
        if (ByteOrderMark.ForeignEncoding(body.Span) is { } encoding)
        {
            throw Wrong($"it must be UTF-8; its byte order mark says that it is {encoding}");
        }

        body = ByteOrderMark.Skip(body);
        var events = new List<PublishItem>();
        if (message.Layout == EventLayout.One)
        {
            // A CloudEvent in binary mode may have no data.
            events.Add(new PublishItem(Trim(body), default) { Headers = message.Headers });
            return events;
        }

        int first = body.Span.IndexOfAnyExcept(" \t\r\n"u8);
        if (first < 0)
        {
            throw Wrong("it is empty; send one event, an array of events, or one event a line");
        }

        if (message.Layout == EventLayout.Array && body.Span[first] != '[')
        {
            throw Wrong("a batch of CloudEvents is a JSON array; send one event as application/cloudevents+json");
        }

        if (message.Layout == EventLayout.Lines || (body.Span[first] != '[' && IsSeveralLines(body.Span[first..])))
        {
            SplitLines(body, events);
        }
        else if (body.Span[first] == '[')
        {
            SplitArray(body, events);
        }
        else
        {
            Add(events, Trim(body));
        }

        for (int i = 0; i < events.Count && message.Headers.Length > 0; i++)
        {
            events[i] = events[i] with { Headers = message.Headers };
        }

        return events.Count > 0 || message.Layout == EventLayout.Array
            ? events
            : throw Wrong("the array is empty; send at least one event");
    }

    // The first value ends, and more follows: lines. Where it is broken, a second line that starts like an object
    // tells.
    private static bool IsSeveralLines(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, Options);
        try
        {
            reader.Read();
            reader.Skip();
            return body[(int)reader.BytesConsumed..].IndexOfAnyExcept(" \t\r\n"u8) >= 0;
        }
        catch (JsonException)
        {
            int end = body.IndexOf((byte)'\n');
            ReadOnlySpan<byte> rest = end < 0 ? [] : body[end..].TrimStart(" \t\r\n"u8);
            return !rest.IsEmpty && rest[0] == '{';
        }
    }

    private static void SplitLines(ReadOnlyMemory<byte> body, List<PublishItem> events)
    {
        while (!body.IsEmpty)
        {
            int end = body.Span.IndexOf((byte)'\n');
            ReadOnlyMemory<byte> line = Trim(end < 0 ? body : body[..end]);
            body = end < 0 ? default : body[(end + 1)..];
            if (!line.IsEmpty)
            {
                Add(events, line);
            }
        }
    }

    private static void SplitArray(ReadOnlyMemory<byte> body, List<PublishItem> events)
    {
        var reader = new Utf8JsonReader(body.Span, Options);
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                int start = (int)reader.TokenStartIndex;
                reader.Skip();
                Add(events, body[start..(int)reader.BytesConsumed]);
            }

            // Reads to the end of the body: what follows the array is an error.
            reader.Read();
        }
        catch (JsonException e)
        {
            string place = string.Create(
                CultureInfo.InvariantCulture, $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}");
            string after = events.Count == 0 ? "" : $" after event {events.Count - 1}";
            throw Wrong(
                $"the array is broken{after} at {place}; nothing was taken. "
                + "Send one event a line (application/x-ndjson) to have good events taken beside broken ones");
        }
    }

    private static JsonReaderOptions Options => new() { MaxDepth = DepthMax };

    private static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> bytes)
    {
        int start = bytes.Span.IndexOfAnyExcept(" \t\r\n"u8);
        return start < 0 ? default : bytes[start..(bytes.Span.LastIndexOfAnyExcept(" \t\r\n"u8) + 1)];
    }

    private static void Add(List<PublishItem> events, ReadOnlyMemory<byte> payload)
    {
        if (events.Count == EventPublisher.EventsMax)
        {
            throw Wrong($"it holds more than {EventPublisher.EventsMax} events; send them in several requests");
        }

        events.Add(new PublishItem(payload, default));
    }

    private static GrpcException Wrong(string cause) => new(
        GrpcStatus.InvalidArgument, Sentence.End($"body: {cause}"), GrpcErrorDetails.BadRequest(("body", cause)));
}
