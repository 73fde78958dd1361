namespace ContextGrid.Core.Expressions;

/// <summary>A bump buffer for texts made while expressions are evaluated. One thread at a time.</summary>
public sealed class ExpressionScratch
{
    private byte[] _bytes = new byte[256];
    private int _used;

    /// <summary>The size of the buffer.</summary>
    internal int BufferBytes => _bytes.Length;

    /// <summary>Forgets all texts; values that point into the scratch are then invalid.</summary>
    public void Reset() => _used = 0;

    /// <summary>
    /// Takes room for <paramref name="length"/> bytes. When the buffer must grow, earlier slices keep the old array, so
    /// they stay valid until <see cref="Reset"/>.
    /// </summary>
    /// <returns>The array and where the room starts in it.</returns>
    public (byte[] Bytes, int Start) Take(int length)
    {
        if (_used + length > _bytes.Length)
        {
            _bytes = new byte[Math.Max(_bytes.Length * 2, length)];
            _used = 0;
        }

        int start = _used;
        _used += length;
        return (_bytes, start);
    }
}
