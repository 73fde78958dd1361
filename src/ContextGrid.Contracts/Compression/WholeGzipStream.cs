using System.IO.Compression;

namespace ContextGrid.Contracts.Compression;

/// <summary>
/// Unpacks gzip (RFC 1952) and demands all of it: one member or several after each other, each with its checksum and
/// length, and nothing behind the last. The platform's stream takes the end of its input for the end of the member, and
/// passes over what follows the last member. So a closing member of our own is put behind the input: when it comes out
/// and nothing else does, the input ended where a member ends. Not thread-safe; what is unpacked is bounded by the
/// reader.
/// </summary>
public sealed class WholeGzipStream : Stream
{
    private readonly ClosedInput _input;
    private readonly GZipStream _gzip;
    private readonly byte[] _last = new byte[ClosingText.Length + 1];
    private readonly string _what;
    private bool _ended;
    private InvalidDataException? _fault;

    /// <summary>Makes the stream; nothing is read yet.</summary>
    /// <param name="packed">What is unpacked; closed with this stream.</param>
    /// <param name="what">What it is, as messages begin, such as "The body".</param>
    public WholeGzipStream(Stream packed, string what)
    {
        ArgumentNullException.ThrowIfNull(packed);
        _what = what;
        _input = new ClosedInput(packed);
        _gzip = new GZipStream(_input, CompressionMode.Decompress);
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    // Any bytes that no stream ends with by chance; their member is made by the platform.
    private static ReadOnlySpan<byte> ClosingText => "\u0000end of gzip \u009d\u0017\u00c3"u8;

    private static byte[] ClosingMember { get; } = Pack(ClosingText);

    /// <summary>Reads what is unpacked.</summary>
    /// <returns>How many bytes; 0 at the end of whole gzip, or where <paramref name="buffer"/> is empty.</returns>
    /// <exception cref="InvalidDataException">It is not gzip, is damaged, ends too early, or something follows it. The
    /// message says which, in one sentence. What was read before is as it was packed, unless a checksum is wrong.
    /// </exception>
    public override int Read(Span<byte> buffer)
    {
        if (_ended || buffer.IsEmpty)
        {
            return 0;
        }

        RequireSound();

        try
        {
            int read = _gzip.Read(buffer);
            if (!_input.IsOver && read > 0)
            {
                return read;
            }

            int last = Keep(buffer[..read]);
            while (last < _last.Length && (read = _gzip.Read(_last.AsSpan(last))) > 0)
            {
                last += read;
            }

            return End(last);
        }
        catch (InvalidDataException e)
        {
            throw Fault(e);
        }
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>Reads what is unpacked; otherwise as <see cref="Read(Span{byte})"/>.</summary>
    /// <inheritdoc cref="Read(Span{byte})" path="/exception"/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ended || buffer.IsEmpty)
        {
            return 0;
        }

        RequireSound();

        try
        {
            int read = await _gzip.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (!_input.IsOver && read > 0)
            {
                return read;
            }

            int last = Keep(buffer.Span[..read]);
            while (last < _last.Length
                && (read = await _gzip.ReadAsync(_last.AsMemory(last), cancellationToken).ConfigureAwait(false)) > 0)
            {
                last += read;
            }

            return End(last);
        }
        catch (InvalidDataException e)
        {
            throw Fault(e);
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _gzip.Dispose();
        }

        base.Dispose(disposing);
    }

    // Whoever reads on after a fault must not find an end.
    private void RequireSound()
    {
        if (_fault is not null)
        {
            throw new InvalidDataException(_fault.Message, _fault.InnerException);
        }
    }

    private static byte[] Pack(ReadOnlySpan<byte> text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(text);
        }

        return packed.ToArray();
    }

    // The platform gives all that the input unpacks to before it asks for more input: what comes in the same read as
    // the closing member, or later, was made of that.
    private int Keep(ReadOnlySpan<byte> read)
    {
        int kept = Math.Min(read.Length, _last.Length);
        read[..kept].CopyTo(_last);
        return kept;
    }

    private int End(int last)
    {
        if (!_input.IsOver || !_input.HasBytes || !_last.AsSpan(0, last).SequenceEqual(ClosingText))
        {
            throw Fault(null);
        }

        _ended = true;
        return 0;
    }

    // A member that is open when the input is over takes the closing member for a part of itself and asks for more, or
    // finds it wrong. One that has ended, with something else behind, never looks at it; where that is read on its own,
    // it is taken for a member and found wrong.
    private InvalidDataException Fault(InvalidDataException? cause)
    {
        bool isBehindTheEnd = cause is null && _input is { HasBytes: true, IsAskedForMore: false };
        string text = isBehindTheEnd ? "is gzip with something behind its end that is not gzip"
            : _input.IsOver ? "is damaged gzip: it ends too early"
            : _input.HasMagic ? "is damaged gzip: its content, a checksum or what follows its end is wrong"
            : "is not gzip";
        _fault = new InvalidDataException($"{_what} {text}.", cause);
        return _fault;
    }

    /// <summary>The packed bytes, and behind them the closing member.</summary>
    private sealed class ClosedInput(Stream packed) : Stream
    {
        private int _first = -1;
        private int _second = -1;
        private int _closing;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        /// <summary>Whether the packed bytes are over, and the closing member was asked for.</summary>
        internal bool IsOver { get; private set; }

        /// <summary>Whether more was asked for behind the closing member.</summary>
        internal bool IsAskedForMore { get; private set; }

        /// <summary>Whether there was a packed byte.</summary>
        internal bool HasBytes => _first >= 0;

        /// <summary>Whether the packed bytes begin as gzip does.</summary>
        internal bool HasMagic => (_first, _second) is (0x1F, 0x8B);

        public override int Read(Span<byte> buffer) =>
            IsOver ? Close(buffer) : Note(buffer, packed.Read(buffer));

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (IsOver)
            {
                return Close(buffer.Span);
            }

            int read = await packed.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            return Note(buffer.Span, read);
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                packed.Dispose();
            }

            base.Dispose(disposing);
        }

        private int Note(Span<byte> buffer, int read)
        {
            if (read == 0 && !buffer.IsEmpty)
            {
                IsOver = true;
                return Close(buffer);
            }

            for (int i = 0; i < read && _second < 0; i++)
            {
                _second = _first < 0 ? -1 : buffer[i];
                _first = _first < 0 ? buffer[i] : _first;
            }

            return read;
        }

        private int Close(Span<byte> buffer)
        {
            int count = Math.Min(buffer.Length, ClosingMember.Length - _closing);
            IsAskedForMore |= count == 0;
            ClosingMember.AsSpan(_closing, count).CopyTo(buffer);
            _closing += count;
            return count;
        }
    }
}
