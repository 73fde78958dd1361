namespace ContextGrid.Cli.Publishing;

/// <summary>
/// Reads a stream as lines of bytes, without decoding or copying them: a line is a slice of a buffer that is never
/// written again. A line over the limit is skipped and reported, so that memory stays bounded. Not thread-safe.
/// </summary>
/// <param name="stream">What is read; not closed.</param>
/// <param name="lineBytesMax">The longest line that is kept.</param>
public sealed class LineReader(Stream stream, int lineBytesMax)
{
    private const int BufferBytes = 1 << 20;

    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private bool _ended;
    private bool _skipping;

    /// <summary>The number of the line read last, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>The line read last without its line end; empty when it was too long. Owned by the caller.</summary>
    public ReadOnlyMemory<byte> Line { get; private set; }

    /// <summary>Whether the line read last was over the limit.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Reads the next line; false at the end.</summary>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="InvalidDataException">The stream is compressed and broken.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellation)
    {
        while (!TryTake())
        {
            if (_ended)
                return TakeRest();
            await FillAsync(cancellation);
        }

        return true;
    }

    private bool TryTake()
    {
        var length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
        if (length < 0)
            return false;
        Take(length);
        _start++;
        return true;
    }

    private bool TakeRest()
    {
        if (_start == _end && !_skipping)
            return false;
        Take(_end - _start);
        return true;
    }

    private void Take(int length)
    {
        Number++;
        IsTooLong = _skipping || length > lineBytesMax;
        _skipping = false;
        var line = _buffer.AsMemory(_start, length);
        if (length > 0 && line.Span[^1] == '\r')
            line = line[..^1];
        Line = IsTooLong ? default : line;
        _start += length;
    }

    private async ValueTask FillAsync(CancellationToken cancellation)
    {
        var rest = _end - _start;
        if (rest > lineBytesMax || _skipping)
        {
            // The line is too long whatever follows: what is here of it is dropped.
            _skipping = true;
            rest = 0;
            _start = _end;
        }

        if (_buffer.Length - _end < BufferBytes / 4)
        {
            var buffer = GC.AllocateUninitializedArray<byte>(BufferBytes + rest);
            _buffer.AsSpan(_start, rest).CopyTo(buffer);
            (_buffer, _start, _end) = (buffer, 0, rest);
        }

        // A terminal's or pipe's read cannot be cancelled; then it is abandoned with its buffer.
        var reading = stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
        var read = reading.IsCompleted ? await reading : await reading.AsTask().WaitAsync(cancellation);
        _ended = read == 0;
        _end += read;
    }
}
