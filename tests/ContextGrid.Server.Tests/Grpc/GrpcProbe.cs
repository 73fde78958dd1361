using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace ContextGrid.Server.Tests.Grpc;

/// <summary>Speaks gRPC byte by byte over the platform's HTTP/2 client, so that tests can send what no gRPC client
/// would, and see flags and frames that gRPC clients hide.</summary>
public sealed class GrpcProbe(string target) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://{target}") };

    /// <summary>Sends a whole body and reads the whole answer.</summary>
    public async Task<GrpcProbeAnswer> CallAsync(
        string path, byte[] body, params IEnumerable<(string Name, string Value)> headers)
    {
        using var response = await StartAsync(path, new ByteArrayContent(body), headers, CancellationToken.None);
        var content = await response.Content.ReadAsByteArrayAsync();
        return new GrpcProbeAnswer(
            response.StatusCode, Plain(response.Headers), Plain(response.TrailingHeaders), Messages(content));
    }

    /// <summary>Starts a call and returns when the response's headers are there.</summary>
    public async Task<HttpResponseMessage> StartAsync(
        string path,
        HttpContent content,
        IEnumerable<(string Name, string Value)> headers,
        CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        foreach (var (name, value) in headers)
        {
            if (name == ":method")
            {
                request.Method = new HttpMethod(value);
            }
            else if (name == "content-type")
            {
                content.Headers.Remove(name);
                content.Headers.TryAddWithoutValidation(name, value);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>A length-prefixed message.</summary>
    public static byte[] Frame(IMessage message) => Frame(message.ToByteArray(), flag: 0);

    /// <summary>A length-prefixed message, compressed.</summary>
    public static byte[] GzipFrame(IMessage message) => Frame(Gzip(message.ToByteArray()), flag: 1);

    /// <summary>Bytes behind a prefix.</summary>
    public static byte[] Frame(byte[] bytes, byte flag)
    {
        var frame = new byte[5 + bytes.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), bytes.Length);
        bytes.CopyTo(frame.AsSpan(5));
        return frame;
    }

    /// <summary>Compresses bytes.</summary>
    public static byte[] Gzip(byte[] bytes)
    {
        var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return target.ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static Dictionary<string, string> Plain(HttpHeaders headers) =>
        headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => string.Join(',', h.Value));

    private static List<(bool Compressed, byte[] Bytes)> Messages(byte[] content)
    {
        var messages = new List<(bool, byte[])>();
        for (var at = 0; at < content.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(content.AsSpan(at + 1));
            var bytes = content.AsSpan(at + 5, length).ToArray();
            messages.Add((content[at] == 1, content[at] == 1 ? Gunzip(bytes) : bytes));
            at += 5 + length;
        }

        return messages;
    }

    private static byte[] Gunzip(byte[] bytes)
    {
        var target = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        gzip.CopyTo(target);
        return target.ToArray();
    }
}

/// <summary>What came back.</summary>
/// <param name="Http">The HTTP status.</param>
/// <param name="Headers">The headers; repeated values are joined by commas.</param>
/// <param name="Trailers">The trailers.</param>
/// <param name="Messages">The messages, inflated, each with its flag.</param>
public sealed record GrpcProbeAnswer(
    HttpStatusCode Http,
    IReadOnlyDictionary<string, string> Headers,
    IReadOnlyDictionary<string, string> Trailers,
    IReadOnlyList<(bool Compressed, byte[] Bytes)> Messages)
{
    /// <summary>Whether status and headers came in one frame.</summary>
    public bool IsTrailersOnly => Headers.ContainsKey("grpc-status");

    /// <summary>The gRPC status.</summary>
    public string Status => (IsTrailersOnly ? Headers : Trailers)["grpc-status"];

    /// <summary>The message, decoded.</summary>
    public string Message =>
        Uri.UnescapeDataString((IsTrailersOnly ? Headers : Trailers).GetValueOrDefault("grpc-message", ""));
}
