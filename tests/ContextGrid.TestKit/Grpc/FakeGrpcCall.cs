using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ContextGrid.TestKit.Grpc;

/// <summary>One call at a <see cref="FakeGrpcServer"/>.</summary>
public sealed class FakeGrpcCall(HttpContext http)
{
    private int _status;
    private string _message = "";
    private string? _details;
    private bool _ended;
    private bool _gzip;
    private int _cut;

    /// <summary>The call's metadata.</summary>
    public IHeaderDictionary Headers => http.Request.Headers;

    /// <summary>Cancelled when the client gives up.</summary>
    public CancellationToken Aborted => http.RequestAborted;

    /// <summary>Breaks the connection with all its calls.</summary>
    public void BreakConnection()
    {
        _ended = true;
        http.Features.GetRequiredFeature<IConnectionLifetimeFeature>().Abort();
    }

    /// <summary>Ends the call by a reset of its stream.</summary>
    /// <param name="code">The error code of HTTP/2.</param>
    public void Reset(int code)
    {
        _ended = true;
        http.Features.GetRequiredFeature<IHttpResetFeature>().Reset(code);
    }

    /// <summary>Answers as a server does that is none of gRPC; no trailers follow.</summary>
    public Task AnswerHttpAsync(int status, string contentType, string body)
    {
        _ended = true;
        (http.Response.StatusCode, http.Response.ContentType) = (status, contentType);
        return http.Response.WriteAsync(body);
    }

    /// <summary>Sends bytes that need be no message.</summary>
    public async Task WriteRawAsync(byte[] bytes)
    {
        StartOnce();
        await http.Response.Body.WriteAsync(bytes);
        await http.Response.Body.FlushAsync();
    }

    /// <summary>Compresses the answers that follow.</summary>
    /// <param name="cut">How many bytes are left out at the end of each.</param>
    public void UseGzip(int cut = 0) => (_gzip, _cut) = (true, cut);

    /// <summary>Ends the call with a failure when the handler returns.</summary>
    public void Fail(int status, string message, params IMessage[] details)
    {
        (_status, _message) = (status, message);
        using var buffer = new MemoryStream();
        using var output = new CodedOutputStream(buffer, leaveOpen: true);
        output.WriteTag(1, WireFormat.WireType.Varint);
        output.WriteInt32(status);
        output.WriteTag(2, WireFormat.WireType.LengthDelimited);
        output.WriteString(message);
        foreach (var detail in details)
        {
            output.WriteTag(3, WireFormat.WireType.LengthDelimited);
            output.WriteMessage(Any.Pack(detail));
        }

        output.Flush();
        _details = Convert.ToBase64String(buffer.ToArray()).TrimEnd('=');
    }

    /// <summary>Reads the next request; null at the end.</summary>
    public async Task<T?> ReadAsync<T>(MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        var prefix = new byte[5];
        var body = http.Request.Body;
        if (await body.ReadAtLeastAsync(prefix, 5, throwOnEndOfStream: false) == 0)
            return null;
        var bytes = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix.AsSpan(1))];
        await body.ReadExactlyAsync(bytes);
        return prefix[0] == 0
            ? parser.ParseFrom(bytes)
            : parser.ParseFrom(new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress));
    }

    /// <summary>Sends an answer.</summary>
    public async Task WriteAsync(IMessage message)
    {
        var bytes = message.ToByteArray();
        if (_gzip)
        {
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
                gzip.Write(bytes);
            bytes = packed.ToArray()[..^_cut];
        }

        StartOnce();
        var prefix = new byte[5];
        prefix[0] = _gzip ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(1), bytes.Length);
        await http.Response.Body.WriteAsync(prefix);
        await http.Response.Body.WriteAsync(bytes);
        await http.Response.Body.FlushAsync();
    }

    internal void End()
    {
        if (_ended || http.RequestAborted.IsCancellationRequested)
            return;
        StartOnce();
        Append("grpc-status", _status.ToString(CultureInfo.InvariantCulture));
        if (_message.Length > 0)
            Append("grpc-message", Uri.EscapeDataString(_message));
        if (_details is not null)
            Append("grpc-status-details-bin", _details);
    }

    private void Append(string name, string value)
    {
        // Without a message the status stands in the head: "trailers only".
        if (http.Response.HasStarted)
            http.Response.AppendTrailer(name, value);
        else
            http.Response.Headers[name] = value;
    }

    private void StartOnce()
    {
        if (http.Response.HasStarted)
            return;
        http.Response.ContentType = "application/grpc";
        if (_gzip)
            http.Response.Headers["grpc-encoding"] = "gzip";
    }
}
