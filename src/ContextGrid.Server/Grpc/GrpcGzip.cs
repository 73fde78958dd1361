using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using ContextGrid.Contracts.Compression;

namespace ContextGrid.Server.Grpc;

/// <summary>Message compression with gzip (RFC 1952), the one encoding that every official client knows.</summary>
internal static class GrpcGzip
{
    /// <summary>The encoding's name in gRPC's headers.</summary>
    public const string Name = "gzip";

    /// <summary>What the server accepts, for <c>grpc-accept-encoding</c>.</summary>
    public const string Accepted = "identity,gzip";

    /// <summary>Inflates a message. Stops at the limit, so that a small message cannot fill the memory.</summary>
    /// <exception cref="GrpcException">RESOURCE_EXHAUSTED: more than the limit. INTERNAL: not gzip, or not whole.
    /// </exception>
    public static GrpcMessageBuffer Decompress(in ReadOnlySequence<byte> message, int bytesMax)
    {
        var target = new GrpcMessageBuffer(bytesMax);
        if (message.IsEmpty)
        {
            // The platform's compressor, which .NET clients use, makes nothing of nothing: not even gzip's header.
            return target;
        }

        try
        {
            using var gzip = new WholeGzipStream(PipeReader.Create(message).AsStream(), "The message");
            int read;
            while ((read = gzip.Read(target.GetSpan(4096))) > 0)
            {
                target.Advance(read);
            }

            return target;
        }
        catch (InvalidDataException e)
        {
            target.Dispose();
            throw new GrpcException(GrpcStatus.Internal, e.Message);
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    /// <summary>Compresses a message that is not empty, for speed rather than size.</summary>
    public static GrpcMessageBuffer Compress(ReadOnlySpan<byte> message)
    {
        // Gzip adds about 0.03 % and a header to what it cannot shrink, so the limit is no limit here.
        var target = new GrpcMessageBuffer(int.MaxValue, message.Length / 2);
        using (var gzip = new GZipStream(new BufferWriterStream(target), CompressionLevel.Fastest))
        {
            gzip.Write(message);
        }

        return target;
    }

    /// <summary>Lets a compressing stream write into a buffer.</summary>
    private sealed class BufferWriterStream(IBufferWriter<byte> target) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => target.Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer) => target.Write(buffer);
    }
}
