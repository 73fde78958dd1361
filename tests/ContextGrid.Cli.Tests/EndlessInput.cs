namespace ContextGrid.Cli.Tests;

/// <summary>Lines without end; after some megabytes it cancels, as a person would.</summary>
internal sealed class EndlessInput(CancellationTokenSource cancel) : Stream
{
    private const long CancelAfterBytes = 3_000_000;
    private static readonly byte[] Line = "{\"n\":1}\n"u8.ToArray();
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        for (var i = 0; i < count; i++)
            buffer[offset + i] = Line[(int)(_position++ % Line.Length)];
        if (_position > CancelAfterBytes)
            cancel.Cancel();
        return count;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
