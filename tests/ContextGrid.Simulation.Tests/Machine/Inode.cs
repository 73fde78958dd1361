namespace ContextGrid.Simulation.Tests.Machine;

/// <summary>
/// A file's bytes: as processes see them, and as the platter has them. What was not flushed is kept as a list of
/// operations, of which a crash keeps any part.
/// </summary>
internal sealed class Inode
{
    private const int SectorBytes = 512;

    private readonly List<(long Offset, byte[]? Bytes)> _pending = [];
    private readonly Content _seen = new();
    private readonly Content _durable = new();

    public long Length => Seen.Length;

    public DateTime LastWriteTime { get; set; }

    public byte[] Seen => _seen.Bytes;

    public byte[] Durable => _durable.Bytes;

    public bool HasPending => _pending.Count > 0;

    public int Read(Span<byte> buffer, long offset)
    {
        int count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        Seen.AsSpan((int)Math.Min(offset, Length), count).CopyTo(buffer);
        return count;
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        _pending.Add((offset, bytes.ToArray()));
        _seen.Put(offset, bytes);
    }

    public void SetLength(long bytes)
    {
        _pending.Add((bytes, null));
        _seen.SetLength(bytes);
    }

    public void Flush()
    {
        foreach ((long offset, byte[]? bytes) in _pending)
        {
            Apply(offset, bytes);
        }

        _pending.Clear();
    }

    /// <summary>
    /// A flush that failed: any part of what waited is on the platter, the rest never will be, although processes go on
    /// seeing it; the next flush has nothing to do.
    /// </summary>
    public void FailFlush(Random random)
    {
        Lose(random);
        _pending.Clear();
    }

    /// <summary>The power went: what was flushed is there, and any part of the rest.</summary>
    public void LosePower(Random random)
    {
        Lose(random);
        _pending.Clear();
        _durable.CopyTo(_seen);
    }

    /// <summary>Whether a read would bring a bit that changed by itself.</summary>
    public bool IsDamaged => _seen.IsDamaged;

    /// <summary>One bit changes by itself, on the platter and in what processes see.</summary>
    public void Flip(long offset, int bit)
    {
        _seen.Flip(offset, bit);
        _durable.Flip(offset, bit);
    }

    /// <summary>The bit is changed back, wherever nothing else has been written to its place.</summary>
    public void Restore(long offset, int bit)
    {
        _seen.Restore(offset, bit);
        _durable.Restore(offset, bit);
    }

    private void Lose(Random random)
    {
        foreach ((long offset, byte[]? bytes) in _pending)
        {
            switch (random.Next(3))
            {
                case 0:
                    Apply(offset, bytes);
                    break;
                case 1 when bytes is not null:
                    Tear(offset, bytes, random);
                    break;
            }
        }
    }

    // Sectors reach the platter in any order, so any of them may be missing.
    private void Tear(long offset, byte[] bytes, Random random)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int sector = (int)Math.Min(bytes.Length - at, SectorBytes - ((offset + at) % SectorBytes));
            if (random.Next(2) == 0)
            {
                _durable.Put(offset + at, bytes.AsSpan(at, sector));
            }

            at += sector;
        }
    }

    private void Apply(long offset, byte[]? bytes)
    {
        if (bytes is null)
        {
            _durable.SetLength(offset);
        }
        else
        {
            _durable.Put(offset, bytes);
        }
    }
}
