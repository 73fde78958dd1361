namespace ContextGrid.Cli.Publishing;

/// <summary>A stream whose first bytes can be seen before they are read, and passed over.</summary>
/// <param name="inner">The stream; closed with this one.</param>
internal sealed class PeekStream(Stream inner) : Stream
{
    private readonly byte[] _head = new byte[8];
    private int _headStart;
    private int _headEnd;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The first bytes; fewer when the stream has fewer. To be asked before anything is read.</summary>
    /// <param name="count">How many, up to 8; a terminal is not waited for longer than they take.</param>
    public ReadOnlySpan<byte> Peek(int count)
    {
        if (count > _headEnd)
            _headEnd += inner.ReadAtLeast(_head.AsSpan(_headEnd, count - _headEnd), count - _headEnd, false);
        return _head.AsSpan(0, Math.Min(count, _headEnd));
    }

    /// <summary>Passes over bytes that were seen.</summary>
    public void Skip(int count) => _headStart += count;

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer) =>
        _headStart < _headEnd ? ReadHead(buffer) : inner.Read(buffer);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _headStart < _headEnd ? new(ReadHead(buffer.Span)) : inner.ReadAsync(buffer, cancellationToken);

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private int ReadHead(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _headEnd - _headStart);
        _head.AsSpan(_headStart, count).CopyTo(buffer);
        _headStart += count;
        return count;
    }
}
