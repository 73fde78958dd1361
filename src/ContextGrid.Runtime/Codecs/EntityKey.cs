using System.Buffers.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>The key of the entity that an event belongs to, as UTF-8: a text as it is, an integer in decimal.</summary>
public static class EntityKey
{
    /// <summary>The longest key in bytes. Longer ones are payload put into the wrong field.</summary>
    public const int BytesMax = 1024;

    /// <summary>The most bytes that an Int64 key takes: <c>-9223372036854775808</c>.</summary>
    public const int DigitsMax = 20;

    /// <summary>Gets the key of the source's entity. Thread-safe, no allocation.</summary>
    /// <param name="record">The decoded event; its event index must be the source's.</param>
    /// <param name="source">Which entity type, that is: which field holds the key.</param>
    /// <param name="digits">At least <see cref="DigitsMax"/> bytes; holds the key when it is an integer.</param>
    /// <param name="key">The key; valid while the record's buffer and <paramref name="digits"/> are.</param>
    /// <returns>False when the key is null: the event is not about such an entity.</returns>
    public static bool TryGet(
        EventRecord record, EntitySource source, Span<byte> digits, out ReadOnlySpan<byte> key) =>
        TryFormat(record.Fields[source.KeyField], digits, out key);

    /// <summary>Gives the key that a field's value stands for; as <see cref="TryGet"/>.</summary>
    public static bool TryFormat(in Value value, Span<byte> digits, out ReadOnlySpan<byte> key)
    {
        if (value.Kind == ValueKind.String)
        {
            key = value.Utf8;
            return true;
        }

        if (value.Kind == ValueKind.Int64 && Utf8Formatter.TryFormat(value.Int64, digits, out int written))
        {
            key = digits[..written];
            return true;
        }

        key = default;
        return false;
    }
}
