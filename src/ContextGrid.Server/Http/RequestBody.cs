using System.Buffers;
using System.Globalization;
using ContextGrid.Contracts.Compression;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Limits;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace ContextGrid.Server.Http;

/// <summary>
/// A request's body, whole, in one borrowed array. What a gzip body unpacks to has the same limit as a plain body, so
/// that a small request can't fill the memory. Owned by who reads it; <see cref="Dispose"/> gives the array back.
/// </summary>
internal sealed class RequestBody : IDisposable
{
    /// <summary>The most bytes of a body, packed and unpacked: 10,000 events of 1.6 KiB.</summary>
    internal const int BytesMax = 16 << 20;

    /// <summary>What a body of one JSON document may be called.</summary>
    internal static readonly string[] JsonTypes = ["application/json"];

    // All ASCII is UTF-8.
    private static readonly string[] Charsets = ["utf-8", "utf8", "us-ascii"];

    private const int FirstBytes = 16 << 10;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBytes);
    private int _length;
    private readonly HttpBudget? _budget;
    private long _counted;
    private bool _isKept;

    private RequestBody(HttpBudget? budget) => _budget = budget;

    /// <summary>The bytes; valid until <see cref="Dispose"/>.</summary>
    internal ReadOnlyMemory<byte> Content => _buffer.AsMemory(0, _length);

    /// <summary>Refuses a body whose content type is not one of these, or whose charset is not UTF-8. A body without a
    /// type is taken, and where <c>application/json</c> is, other <c>application/…+json</c> are too (RFC 6839), but
    /// CloudEvents only where they are named, since their data is inside of an envelope. The types that a browser sends
    /// to foreign servers without asking first are never among them.</summary>
    /// <exception cref="HttpRefusal">415.</exception>
    internal static void RequireType(HttpContext http, IReadOnlyList<string> types)
    {
        string? type = TypeOf(http);
        if (string.IsNullOrEmpty(type))
        {
            return;
        }

        if (!types.Contains(type, StringComparer.OrdinalIgnoreCase)
            && !(types.Contains(JsonTypes[0]) && IsOtherJson(type)))
        {
            throw Unsupported(
                $"The content type '{type}' is not taken here; known here: {string.Join(", ", types)}. "
                + $"With curl: -H 'Content-Type: {types[0]}'.");
        }

        RequireCharset(http);
    }

    /// <summary>Refuses a body whose charset is not UTF-8.</summary>
    /// <exception cref="HttpRefusal">415.</exception>
    internal static void RequireCharset(HttpContext http)
    {
        if (MediaTypeHeaderValue.TryParse(http.Request.ContentType, out MediaTypeHeaderValue? parsed)
            && HeaderUtilities.RemoveQuotes(parsed.Charset) is { Length: > 0 } charset
            && !Charsets.Contains(charset.ToString(), StringComparer.OrdinalIgnoreCase))
        {
            throw Unsupported($"The charset '{charset}' is not taken; send UTF-8.");
        }
    }

    private static bool IsOtherJson(string type) =>
        type.StartsWith("application/", StringComparison.OrdinalIgnoreCase)
        && type.EndsWith("+json", StringComparison.OrdinalIgnoreCase)
        && !type.StartsWith("application/cloudevents", StringComparison.OrdinalIgnoreCase);

    /// <summary>The content type without its parameters; null: there is none.</summary>
    internal static string? TypeOf(HttpContext http) => http.Request.ContentType?.Split(';')[0].Trim();

    /// <summary>Reads a body to its end.</summary>
    /// <exception cref="HttpRefusal">413: over <see cref="BytesMax"/>; 415: an encoding other than gzip; 400: broken
    /// gzip.</exception>
    internal static async ValueTask<RequestBody> ReadAsync(HttpContext http)
    {
        if (http.Request.ContentLength > BytesMax)
        {
            throw TooLarge("");
        }

        // Kestrel counts the packed bytes; a byte more than the limit, so that the message is ours.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = BytesMax + 1;
        }

        HttpBudget? budget = http.Features.Get<HttpBudget>();
        var body = new RequestBody(budget);
        try
        {
            if (IsGzip(http))
            {
                await using var gzip = new WholeGzipStream(http.Request.Body, "The body");
                await body.FillAsync(gzip, " when it is unpacked", http.RequestAborted).ConfigureAwait(false);
            }
            else
            {
                await body.FillAsync(http.Request.Body, "", http.RequestAborted).ConfigureAwait(false);
            }

            return body;
        }
        catch (InvalidDataException e)
        {
            body.Dispose();
            throw new HttpRefusal(
                StatusCodes.Status400BadRequest,
                GrpcStatus.InvalidArgument,
                $"{e.Message} Content-Encoding says that it is gzip.");
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            // Of a body without a length, which Kestrel counts.
            body.Dispose();
            throw TooLarge("");
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>Lets the array go with the garbage instead of back into the pool, when somebody may still read it.
    /// </summary>
    internal void Keep() => _isKept = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        _length = 0;
        _budget?.Requests.Give(_counted);
        _counted = 0;
        if (!_isKept && buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool IsGzip(HttpContext http)
    {
        string encoding = http.Request.Headers.ContentEncoding.ToString().Trim();
        if (encoding.Length == 0 || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        // The second is the first's old name (RFC 9110, 8.4.1.3).
        if (encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase)
            || encoding.Equals("x-gzip", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        http.Response.Headers.AcceptEncoding = "gzip";
        throw Unsupported($"The content encoding '{encoding}' is not taken; gzip is, or none.");
    }

    /// <summary>415.</summary>
    internal static HttpRefusal Unsupported(string message) =>
        new(StatusCodes.Status415UnsupportedMediaType, GrpcStatus.InvalidArgument, message);

    private static HttpRefusal TooLarge(string unpacked) => new(
        StatusCodes.Status413PayloadTooLarge,
        GrpcStatus.ResourceExhausted,
        string.Create(
            CultureInfo.InvariantCulture,
            $"The body is larger than {BytesMax} bytes (16 MiB){unpacked}. Send it in several requests."));

    private async ValueTask FillAsync(Stream source, string unpacked, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_length == _buffer.Length)
            {
                Grow();
            }

            int read = await source.ReadAsync(_buffer.AsMemory(_length), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return;
            }

            _length += read;
            if (_length > BytesMax)
            {
                throw TooLarge(unpacked);
            }
        }
    }

    private void Grow()
    {
        int size = Math.Min(_buffer.Length * 2, BytesMax + 1);
        _budget?.Requests.Take(size - _buffer.Length);
        _counted += size - _buffer.Length;
        byte[] larger = ArrayPool<byte>.Shared.Rent(size);
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
