using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// A reused bump arena for the texts and lists of results. What is taken stays valid until <see cref="Reset"/>, also
/// when a buffer must grow: earlier slices keep the old array. One thread at a time; no allocation once it fits.
/// </summary>
public sealed class ResultArena
{
    private byte[] _bytes = new byte[256];
    private Value[] _values = new Value[64];
    private int _bytesUsed;
    private int _valuesUsed;

    /// <summary>About how many bytes the buffers hold, used or not.</summary>
    internal long BufferBytes => _bytes.Length + (32L * _values.Length);

    /// <summary>Forgets all texts and lists; values that point into the arena are then invalid.</summary>
    public void Reset() => (_bytesUsed, _valuesUsed) = (0, 0);

    /// <summary>A String with a copy of the bytes.</summary>
    public Value Text(ReadOnlySpan<byte> utf8)
    {
        if (_bytesUsed + utf8.Length > _bytes.Length)
        {
            _bytes = new byte[Math.Max(_bytes.Length * 2, utf8.Length)];
            _bytesUsed = 0;
        }

        utf8.CopyTo(_bytes.AsSpan(_bytesUsed));
        _bytesUsed += utf8.Length;
        return Value.Text(_bytes, _bytesUsed - utf8.Length, utf8.Length);
    }

    /// <summary>
    /// Takes room for a List or Map of <paramref name="count"/> values, to be filled by the caller and made by
    /// <see cref="Value.List"/> or <see cref="Value.Map"/>.
    /// </summary>
    /// <returns>The array and where the room starts in it. Its old content is stale.</returns>
    public (Value[] Items, int Start) TakeList(int count)
    {
        if (_valuesUsed + count > _values.Length)
        {
            _values = new Value[Math.Max(_values.Length * 2, count)];
            _valuesUsed = 0;
        }

        _valuesUsed += count;
        return (_values, _valuesUsed - count);
    }
}
