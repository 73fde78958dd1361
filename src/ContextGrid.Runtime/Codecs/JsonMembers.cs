using System.Collections.Immutable;
using System.Numerics;
using System.Text;
using ContextGrid.Core.Definitions;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// The members of one object that fields are read from, found by their name's UTF-8: a tree over the paths of all
/// fields. Producers send members in the same order again and again, so what stood at this place in the object before
/// is tried first. Not thread-safe.
/// </summary>
internal sealed class JsonMembers
{
    private readonly JsonMember[] _members;
    private readonly int[] _table;
    private readonly JsonMember[] _guesses;

    private JsonMembers(int depth, int[] fields, bool isUsed, JsonMember[] members)
    {
        Depth = depth;
        Fields = fields;
        IsUsed = isUsed;
        _members = members;
        _guesses = [.. members];
        _table = new int[(int)BitOperations.RoundUpToPowerOf2((uint)members.Length * 2 + 1)];
        Array.Fill(_table, -1);
        for (int i = 0; i < members.Length; i++)
        {
            uint slot = Slot(members[i].Name);
            while (_table[slot] >= 0)
            {
                slot = (slot + 1) & (uint)(_table.Length - 1);
            }

            _table[slot] = i;
        }
    }

    /// <summary>How many members of a path lead here; 0: the outermost object.</summary>
    internal int Depth { get; }

    /// <summary>The fields that are read in this object or below.</summary>
    internal int[] Fields { get; }

    /// <summary>Whether some definition uses one of them.</summary>
    internal bool IsUsed { get; }

    /// <summary>Builds the tree.</summary>
    /// <param name="fields">The event's fields; those of headers are left out.</param>
    /// <param name="used">Which fields some definition uses.</param>
    /// <param name="places">How many numbers <see cref="JsonMember.Place"/> has.</param>
    internal static JsonMembers Of(ImmutableArray<FieldDefinition> fields, bool[] used, out int places)
    {
        places = fields.Length;
        int[] read = [.. Enumerable.Range(0, fields.Length).Where(i => !fields[i].Source.IsHeader)];
        return Build(fields, used, read, 0, ref places);
    }

    /// <summary>The member that stood at a place in the object before; null: it has never had so many.</summary>
    internal JsonMember? Guess(int ordinal) =>
        (uint)ordinal < (uint)_guesses.Length ? _guesses[ordinal] : null;

    /// <summary>Finds a member; null when no field is read from it.</summary>
    /// <param name="name">The member's name without escapes.</param>
    /// <param name="ordinal">The member's place in the object, from 0.</param>
    internal JsonMember? Find(ReadOnlySpan<byte> name, int ordinal)
    {
        for (uint slot = Slot(name); _table[slot] >= 0; slot = (slot + 1) & (uint)(_table.Length - 1))
        {
            int index = _table[slot];
            if (name.SequenceEqual(_members[index].Name))
            {
                if (ordinal < _guesses.Length)
                {
                    _guesses[ordinal] = _members[index];
                }

                return _members[index];
            }
        }

        return null;
    }

    private static JsonMembers Build(
        ImmutableArray<FieldDefinition> fields, bool[] used, int[] read, int depth, ref int places)
    {
        var members = new List<JsonMember>();
        foreach (IGrouping<string, int> group in read.GroupBy(
            i => fields[i].Source.Path[depth], StringComparer.Ordinal))
        {
            int[] below = [.. group];
            byte[] name = Encoding.UTF8.GetBytes(group.Key);
            int value = Array.FindIndex(below, i => fields[i].Source.Path.Length == depth + 1);
            if (value >= 0 && below.Length > 1)
            {
                throw new ArgumentException($"Two fields read the member '{group.Key}'.", nameof(fields));
            }

            int place = value >= 0 ? below[value] : places++;
            JsonMembers? inner = value >= 0 ? null : Build(fields, used, below, depth + 1, ref places);
            members.Add(new JsonMember(name, place, inner));
        }

        return new JsonMembers(depth, read, read.Any(i => used[i]), [.. members]);
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

/// <summary>A member that a field is read from, or an object with such members.</summary>
/// <param name="Name">Its name in UTF-8.</param>
/// <param name="Place">The field's index; of an object, a number of its own behind all fields.</param>
/// <param name="Inner">The object's members; null: the member is the field's value.</param>
internal sealed record JsonMember(byte[] Name, int Place, JsonMembers? Inner)
{
    /// <summary>The name as payloads have it, in quotes and with the colon; null: the name needs escapes.</summary>
    internal byte[]? Quoted { get; } = Array.Exists(Name, b => b is < 0x20 or (byte)'"' or (byte)'\\')
        ? null
        : [(byte)'"', .. Name, (byte)'"', (byte)':'];
}
