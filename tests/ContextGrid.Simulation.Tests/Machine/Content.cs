namespace ContextGrid.Simulation.Tests.Machine;

/// <summary>Bytes of a file, and which of their bits have changed by themselves since they were written.</summary>
internal sealed class Content
{
    private readonly HashSet<(long Offset, int Bit)> _flipped = [];
    private byte[] _bytes = [];

    public byte[] Bytes => _bytes;

    public bool IsDamaged => _flipped.Count > 0;

    public void Put(long offset, ReadOnlySpan<byte> bytes)
    {
        long end = offset + bytes.Length;
        if (end > _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)end);
        }

        bytes.CopyTo(_bytes.AsSpan((int)offset));
        _flipped.RemoveWhere(f => f.Offset >= offset && f.Offset < end);
    }

    public void SetLength(long bytes)
    {
        Array.Resize(ref _bytes, (int)bytes);
        _flipped.RemoveWhere(f => f.Offset >= bytes);
    }

    public void Flip(long offset, int bit)
    {
        if (offset < _bytes.Length)
        {
            _bytes[offset] ^= (byte)(1 << bit);
            _flipped.Add((offset, bit));
        }
    }

    /// <summary>Changes a bit back, unless something else has been written there.</summary>
    public void Restore(long offset, int bit)
    {
        if (_flipped.Remove((offset, bit)))
        {
            _bytes[offset] ^= (byte)(1 << bit);
        }
    }

    public void CopyTo(Content other)
    {
        other._bytes = [.. _bytes];
        other._flipped.Clear();
        other._flipped.UnionWith(_flipped);
    }
}
