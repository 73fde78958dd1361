using System.Text.Json;
using System.Text.Json.Nodes;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Server.Grpc;

namespace ContextGrid.Server.Http.Json;

/// <summary>
/// Brings the head of a request in JSON into the one form that protobuf's mapping takes, so that a time is read over
/// HTTP as everywhere: epoch milliseconds or RFC 3339.
/// </summary>
internal static class JsonTimes
{
    private static readonly string[] Names = ["asOf", "as_of"];

    /// <summary>The request with its head in protobuf's form; what is no JSON object stays as it is.</summary>
    /// <exception cref="GrpcException">INVALID_ARGUMENT: the head is no time.</exception>
    internal static string Normalize(string json)
    {
        if (!Array.Exists(Names, n => json.Contains(n, StringComparison.Ordinal)) || Parse(json) is not { } request)
        {
            return json;
        }

        foreach (string name in Names)
        {
            JsonValueKind kind = request[name]?.GetValueKind() ?? JsonValueKind.Null;
            if (kind is JsonValueKind.String or JsonValueKind.Number)
            {
                request[name] = Read(request[name]!.AsValue()); // Its kind says that it is there.
            }
        }

        return request.ToJsonString();
    }

    private static string Read(JsonValue value)
    {
        string text = value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();
        return TimeText.TryParse(text, out long milliseconds, out string wrong)
            ? Value.Timestamp(milliseconds).ToString()
            : throw new GrpcException(
                GrpcStatus.InvalidArgument,
                Sentence.End($"as_of: found '{text}'; {wrong}"),
                GrpcErrorDetails.BadRequest(("as_of", wrong)));
    }

    private static JsonObject? Parse(string json)
    {
        try
        {
            var request = JsonNode.Parse(json) as JsonObject;
            _ = request?.Count; // A name that stands twice is found only when members are looked at.
            return request;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // Protobuf's parser says what is wrong.
            return null;
        }
    }
}
