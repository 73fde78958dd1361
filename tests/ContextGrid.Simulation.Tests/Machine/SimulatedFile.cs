using ContextGrid.Runtime.Files;

namespace ContextGrid.Simulation.Tests.Machine;

/// <summary>An open file of a <see cref="SimulatedDisk"/>.</summary>
internal sealed class SimulatedFile(
    SimulatedDisk disk, SimulatedClock clock, Random random, DiskFaults faults, Inode inode) : IFile
{
    private bool _disposed;

    public long Length => inode.Length;

    public DateTime LastWriteTime
    {
        get => inode.LastWriteTime;
        set => inode.LastWriteTime = value;
    }

    public int Read(Span<byte> buffer, long offset)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (faults.Happens(faults.ReadFails))
        {
            throw new IOException("Input/output error", 5);
        }

        if (buffer.Length > 1 && faults.Happens(faults.ReadIsShort))
        {
            buffer = buffer[..random.Next(1, buffer.Length)];
        }

        return inode.Read(buffer, offset);
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        faults.MayEnd();
        if (disk.IsFull && bytes.Length > 0)
        {
            // A part may have fitted.
            inode.Write(bytes[..random.Next(bytes.Length)], offset);
            disk.ThrowIfFull();
        }

        inode.Write(bytes, offset);
        faults.MayEnd();
    }

    public void SetLength(long bytes)
    {
        faults.MayEnd();
        inode.SetLength(bytes);
    }

    public void Flush()
    {
        faults.MayEnd();
        if (faults.Happens(faults.FlushFails))
        {
            inode.FailFlush(random);
            faults.MayEnd(afterFailure: true);
            throw new IOException("Input/output error", 5);
        }

        inode.Flush();
        faults.MayEnd();
    }

    public async ValueTask FlushAsync()
    {
        await Task.Delay(disk.FlushMax * random.NextDouble(), clock);
        Flush();
    }

    public void Dispose() => _disposed = true;
}
