using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// The fields of an event that are read from its record's headers, whatever the payload's format: <c>string from
/// header tenant-id</c>. A header that is absent or empty is null; of several of one name the last counts, as for
/// Kafka's own clients. Immutable.
/// </summary>
internal sealed class HeaderFields
{
    private readonly (byte[] Name, int Slot, FieldDefinition Field)[] _wanted;

    /// <summary>Prepares for an event's fields.</summary>
    internal HeaderFields(ImmutableArray<FieldDefinition> fields, bool[] used)
    {
        Slots = [.. Enumerable.Range(0, fields.Length).Where(i => used[i] && fields[i].Source.IsHeader)];
        _wanted = [.. Slots.Select(i => (Encoding.UTF8.GetBytes(fields[i].Source.Path[0]), i, fields[i]))];
    }

    /// <summary>The fields that some definition uses, ascending.</summary>
    internal int[] Slots { get; }

    /// <summary>Reads the fields. Their texts are slices of the headers.</summary>
    /// <returns>The first fault, with what was found; <c>default</c>: there is none.</returns>
    internal DecodeResult Read(ArraySegment<byte> headers, EventRecord into)
    {
        if (_wanted.Length == 0 || headers.Count == 0)
        {
            return default;
        }

        byte[] buffer = headers.Array ?? [];
        ReadOnlySpan<byte> rest = headers;
        DecodeResult fault = default;
        while (LogHeaders.TryTake(ref rest, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            int start = headers.Offset + headers.Count - rest.Length - value.Length;
            foreach ((byte[] wanted, int slot, FieldDefinition field) in _wanted)
            {
                if (!name.SequenceEqual(wanted))
                {
                    continue;
                }

                into.Fields[slot] = default;
                fault = fault.FieldIndex == slot ? default : fault;
                if (value.Length > 0 && !TextValue.TryRead(buffer, start, value.Length, field, out into.Fields[slot],
                    out DecodeError error, out DecodeHint hint))
                {
                    fault = new DecodeResult
                    {
                        Error = error, Hint = hint, FieldIndex = slot, Buffer = buffer, FoundStart = start,
                        FoundLength = value.Length,
                    };
                }
            }
        }

        return fault;
    }
}
