using System.Text.RegularExpressions;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Server.Http;

/// <summary>How the body of a publish request holds events.</summary>
internal enum EventLayout
{
    /// <summary>One event, an array, or one a line: found out.</summary>
    Any,

    /// <summary>One a line.</summary>
    Lines,

    /// <summary>One event, whatever it looks like.</summary>
    One,

    /// <summary>An array.</summary>
    Array,
}

/// <summary>
/// What a publish request's headers say of its body: the layout, and the headers that its records get. CloudEvents come
/// in structured, batched and binary content mode (CloudEvents HTTP protocol binding 1.0); of other headers only those
/// are taken that some field of the topic's event names, so that credentials never come into the log.
/// </summary>
/// <param name="Layout">How the body holds events.</param>
/// <param name="Headers">The headers of every record, encoded; empty: none.</param>
internal readonly partial record struct EventMessage(EventLayout Layout, byte[] Headers)
{
    private const string Structured = "application/cloudevents+json", Batch = "application/cloudevents-batch+json";

    private static readonly string[] LineTypes =
        ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"];

    private static readonly string[] Types =
        [.. RequestBody.JsonTypes, .. LineTypes, "application/octet-stream", Structured, Batch];

    /// <summary>Reads the headers of a request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="definition">The event that the topic holds; null: none, which publishing says.</param>
    /// <exception cref="HttpRefusal">415.</exception>
    internal static EventMessage Of(HttpContext http, EventDefinition? definition)
    {
        string type = RequestBody.TypeOf(http) ?? "";
        bool isEvent = Is(type, Structured), isBatch = Is(type, Batch);
        bool takesCloudEvents = definition?.Format == EventFormat.CloudEvents;
        bool isBinary = takesCloudEvents && !isEvent && !isBatch && http.Request.Headers.ContainsKey("ce-specversion");
        if (isBinary)
        {
            RequireJson(http, type);
        }
        else
        {
            RequestBody.RequireType(http, Types);
        }

        if ((isEvent || isBatch) && definition is not null && !takesCloudEvents)
        {
            throw RequestBody.Unsupported(
                $"The topic '{definition.Topic}' holds events of the format "
                + $"{definition.Format.ToString().ToLowerInvariant()}; {type.ToLowerInvariant()} is for topics of the "
                + "format cloudevents. Send the data alone as application/json, or declare 'format: cloudevents'.");
        }

        EventLayout layout = isEvent || isBinary ? EventLayout.One
            : isBatch ? EventLayout.Array
            : LineTypes.Contains(type, StringComparer.OrdinalIgnoreCase) ? EventLayout.Lines
            : EventLayout.Any;
        return new EventMessage(layout, Encode(http, definition, isBinary));
    }

    private static byte[] Encode(HttpContext http, EventDefinition? definition, bool isBinary)
    {
        var headers = new List<KeyValuePair<string, string>>();
        if (isBinary)
        {
            headers.AddRange(http.Request.Headers
                .Where(h => h.Key.StartsWith("ce-", StringComparison.OrdinalIgnoreCase))
                .Select(h => KeyValuePair.Create(
                    "ce_" + h.Key[3..].ToLowerInvariant(), Unescape(h.Value.ToString()))));
            if (http.Request.ContentType is { Length: > 0 } type)
            {
                headers.Add(new("content-type", type));
            }
        }

        foreach (FieldDefinition field in definition?.Fields ?? [])
        {
            string name = field.Source.Path[0];
            if (field.Source.IsHeader && !headers.Exists(h => h.Key == name)
                && http.Request.Headers.TryGetValue(name, out var value))
            {
                headers.Add(new(name, value.ToString()));
            }
        }

        return headers.Count == 0 ? [] : LogHeaders.Encode(headers);
    }

    [GeneratedRegex(@"\\(.)", RegexOptions.Singleline)]
    private static partial Regex QuotedPair();

    // A value may stand in double quotes, where a backslash may stand before any character (RFC 9110, section 5.6.4),
    // and has what is not printable ASCII in percent escapes.
    private static string Unescape(string value)
    {
        if (value is ['"', .., '"'])
        {
            value = QuotedPair().Replace(value[1..^1], "$1");
        }

        return Uri.UnescapeDataString(value);
    }

    private static void RequireJson(HttpContext http, string type)
    {
        if (type.Length > 0 && !MediaType.IsJson(System.Text.Encoding.ASCII.GetBytes(type)))
        {
            throw RequestBody.Unsupported(
                $"The CloudEvent's data is {type}; application/json is read, and other types that end in +json.");
        }

        RequestBody.RequireCharset(http);
    }

    private static bool Is(string type, string other) => type.Equals(other, StringComparison.OrdinalIgnoreCase);
}
