using System.Text;
using System.Text.Json;
using ContextGrid.Contracts.Rpc;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Limits;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ContextGrid.Server.Http.Json;

/// <summary>Protobuf's JSON mapping of requests and responses. Thread-safe. Fields of the default value are written, so
/// that people see them; unknown members of a request are refused, so that a misspelt name is not ignored.
/// Source: https://protobuf.dev/programming-guides/json.</summary>
internal static class ProtoJson
{
    /// <summary>The content type of every JSON answer.</summary>
    internal const string ContentType = "application/json; charset=utf-8";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // The parser would take the last of two members of one name, and a question would be answered that nobody meant.
    private static readonly JsonDocumentOptions NoDuplicates = new() { AllowDuplicateProperties = false };

    private static readonly TypeRegistry Types = TypeRegistry.FromFiles(
        ContextReflection.Descriptor,
        IngestReflection.Descriptor,
        AdminReflection.Descriptor,
        ErrorDetailsReflection.Descriptor);

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithTypeRegistry(Types));

    private static readonly JsonFormatter Formatter = new(
        JsonFormatter.Settings.Default.WithTypeRegistry(Types).WithFormatDefaultValues(true));

    /// <summary>The JSON of a message.</summary>
    internal static string Format(IMessage message) => Formatter.Format(message);

    /// <summary>Reads the request message from a body.</summary>
    /// <exception cref="HttpRefusal">The content type is wrong, or the body too large.</exception>
    /// <exception cref="GrpcException">INVALID_ARGUMENT: the body is not JSON of this message.</exception>
    internal static async ValueTask<T> ReadAsync<T>(HttpContext http)
        where T : IMessage, new()
    {
        RequestBody.RequireType(http, RequestBody.JsonTypes);
        using RequestBody body = await RequestBody.ReadAsync(http).ConfigureAwait(false);
        if (ByteOrderMark.ForeignEncoding(body.Content.Span) is { } encoding)
        {
            throw NotReadable<T>($"its byte order mark says that it is {encoding}, not UTF-8");
        }

        try
        {
            string json = Utf8.GetString(ByteOrderMark.Skip(body.Content).Span);
            bool hasHead = typeof(T) == typeof(GetContextRequest) || typeof(T) == typeof(ExplainRequest);
            T message = Parser.Parse<T>(hasHead ? JsonTimes.Normalize(json) : json);
            using var checkedOnly = JsonDocument.Parse(json, NoDuplicates);
            return message;
        }
        catch (DecoderFallbackException)
        {
            throw NotReadable<T>("the bytes are not UTF-8");
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException or FormatException
            or JsonException)
        {
            throw NotReadable<T>(e.Message);
        }
    }

    /// <summary>Answers with a message.</summary>
    internal static Task WriteAsync(HttpContext http, IMessage message)
    {
        http.Response.ContentType = ContentType;
        return HttpBudget.WriteAsync(http, Format(message) + "\n", http.RequestAborted);
    }

    private static GrpcException NotReadable<T>(string cause) => new(
        GrpcStatus.InvalidArgument,
        $"body: {Sentence.End(cause)} It must be one {typeof(T).Name} in protobuf's JSON mapping; /openapi.json "
        + "describes it.",
        GrpcErrorDetails.BadRequest(("body", cause)));
}
