using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Definitions;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Finds a declared field by its member name's UTF-8. Producers send members in the same order again and again, so the
/// field that stood at this place in the payload before is tried first. Not thread-safe.
/// </summary>
internal sealed class JsonFieldNames
{
    private readonly byte[][] _names;
    private readonly int[] _table;
    private readonly int[] _guesses;

    internal JsonFieldNames(ImmutableArray<FieldDefinition> fields)
    {
        _names = new byte[fields.Length][];
        _guesses = new int[fields.Length];
        _table = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)fields.Length * 2 + 1)];
        Array.Fill(_table, -1);
        for (int i = 0; i < fields.Length; i++)
        {
            _names[i] = Encoding.UTF8.GetBytes(fields[i].Name);
            _guesses[i] = i;
            uint slot = Slot(_names[i]);
            while (_table[slot] >= 0)
            {
                slot = (slot + 1) & (uint)(_table.Length - 1);
            }

            _table[slot] = i;
        }
    }

    /// <summary>The field's index; −1 when no field has the name.</summary>
    /// <param name="name">The member's name without escapes.</param>
    /// <param name="ordinal">The member's place in the payload, from 0.</param>
    internal int Find(ReadOnlySpan<byte> name, int ordinal)
    {
        bool canGuess = ordinal < _guesses.Length;
        if (canGuess && name.SequenceEqual(_names[_guesses[ordinal]]))
        {
            return _guesses[ordinal];
        }

        for (uint slot = Slot(name); _table[slot] >= 0; slot = (slot + 1) & (uint)(_table.Length - 1))
        {
            int field = _table[slot];
            if (name.SequenceEqual(_names[field]))
            {
                if (canGuess)
                {
                    _guesses[ordinal] = field;
                }

                return field;
            }
        }

        return -1;
    }

    // FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/): short, and good enough for a few dozen names.
    private uint Slot(ReadOnlySpan<byte> name)
    {
        uint hash = 2166136261;
        foreach (byte b in name)
        {
            hash = (hash ^ b) * 16777619;
        }

        return hash & (uint)(_table.Length - 1);
    }
}
