using System.Numerics;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// A non-null scalar that outlives the event it came from. A text has a buffer of its own, which grows and is reused;
/// so values are moved or copied into each other by <see cref="Set(in KeptValue)"/>, never by plain assignment that
/// would leave two of them with one buffer.
/// </summary>
internal struct KeptValue
{
    private long _bits; // For a text its length in bytes.
    private byte[]? _text;
    private ValueKind _kind;

    /// <summary>The kind; Null as long as nothing was set.</summary>
    public readonly ValueKind Kind => _kind;

    /// <summary>The bits of a number, whether integer, time or double.</summary>
    public readonly long Bits => _bits;

    /// <summary>The text; empty for other kinds.</summary>
    public readonly ReadOnlySpan<byte> Utf8 => _kind == ValueKind.String ? _text.AsSpan(0, (int)_bits) : default;

    /// <summary>Copies a value, text included.</summary>
    public void Set(in Value value)
    {
        if (value.Kind == ValueKind.String)
        {
            SetText(value.Utf8);
            return;
        }

        _bits = value.Int64;
        _kind = value.Kind;
    }

    /// <summary>Copies a value, text included.</summary>
    public void Set(in KeptValue value)
    {
        if (value._kind == ValueKind.String)
        {
            SetText(value.Utf8);
            return;
        }

        _bits = value._bits;
        _kind = value._kind;
    }

    /// <summary>Becomes unset and keeps the buffer.</summary>
    public void Clear() => (_kind, _bits) = (ValueKind.Null, 0);

    /// <summary>Orders by kind, then number, time or ordinal UTF-8.</summary>
    public readonly int Compare(in Value other) =>
        _kind != other.Kind ? _kind.CompareTo(other.Kind)
        : _kind == ValueKind.String ? Utf8.SequenceCompareTo(other.Utf8)
        : CompareBits(other.Int64);

    /// <summary>Orders by kind, then number, time or ordinal UTF-8.</summary>
    public readonly int Compare(in KeptValue other) =>
        _kind != other._kind ? _kind.CompareTo(other._kind)
        : _kind == ValueKind.String ? Utf8.SequenceCompareTo(other.Utf8)
        : CompareBits(other._bits);

    /// <summary>Whether this is the same value; quicker than comparing the order.</summary>
    public readonly bool Is(in Value other) => _kind == other.Kind
        && (_kind == ValueKind.String ? Utf8.SequenceEqual(other.Utf8) : CompareBits(other.Int64) == 0);

    /// <summary>Whether this is the same value; quicker than comparing the order.</summary>
    public readonly bool Is(in KeptValue other) => _kind == other._kind
        && (_kind == ValueKind.String ? Utf8.SequenceEqual(other.Utf8) : CompareBits(other._bits) == 0);

    /// <summary>The value; a text is copied into <paramref name="arena"/>.</summary>
    public readonly Value ToValue(ResultArena arena) => _kind switch
    {
        ValueKind.String => arena.Text(Utf8),
        ValueKind.Double => Value.Of(BitConverter.Int64BitsToDouble(_bits)),
        ValueKind.Int64 => Value.Of(_bits),
        ValueKind.Timestamp => Value.Timestamp(_bits),
        ValueKind.Bool => Value.Of(_bits != 0),
        _ => Value.Null,
    };

    /// <summary>Writes the value without its kind, which the plan knows.</summary>
    public readonly void Write(SnapshotWriter writer)
    {
        switch (_kind)
        {
            case ValueKind.String: writer.Bytes(Utf8); break;
            case ValueKind.Double: writer.UInt64((ulong)_bits); break;
            default: writer.Zigzag(_bits); break;
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote of a value of this kind.</summary>
    public void Read(ref SnapshotReader reader, ValueKind kind)
    {
        switch (kind)
        {
            case ValueKind.String:
                SetText(reader.Bytes());
                return;
            case ValueKind.Double:
                double number = reader.Double();
                if (!double.IsFinite(number))
                {
                    throw new SnapshotFormatException("A kept number is not finite.");
                }

                Set(Value.Of(number));
                return;
            case ValueKind.Int64 or ValueKind.Timestamp:
                _bits = reader.Zigzag();
                break;
            case ValueKind.Bool:
                _bits = reader.Zigzag() == 0 ? 0 : 1;
                break;
            default:
                throw new SnapshotFormatException($"A value of kind {kind} cannot be kept.");
        }

        _kind = kind;
    }

    private readonly int CompareBits(long other) => _kind == ValueKind.Double
        ? BitConverter.Int64BitsToDouble(_bits).CompareTo(BitConverter.Int64BitsToDouble(other))
        : _bits.CompareTo(other);

    private void SetText(ReadOnlySpan<byte> text)
    {
        if (_text is null)
        {
            _text = new byte[(text.Length + 7) & ~7];
        }
        else if (_text.Length < text.Length)
        {
            // A slot that sees several lengths soon fits them all.
            _text = new byte[BitOperations.RoundUpToPowerOf2((uint)text.Length)];
        }

        text.CopyTo(_text);
        _bits = text.Length;
        _kind = ValueKind.String;
    }
}
