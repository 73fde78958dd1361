using ContextGrid.Core.Model;

namespace ContextGrid.Server.Services;

/// <summary>
/// Writes a value as a Value of contextgrid/v1/context.proto; the field numbers are those of that file.
/// </summary>
internal static class ValueWire
{
    /// <summary>A Value; a null value has no kind set.</summary>
    internal static void Write(ProtoWriter to, int field, in Value value)
    {
        if (value.IsNull)
        {
            to.Bytes(field, default);
            return;
        }

        int at = to.Open(field);
        switch (value.Kind)
        {
            case ValueKind.Bool:
                to.Number(1, value.Int64);
                break;
            case ValueKind.Int64:
                to.Number(2, value.Int64);
                break;
            case ValueKind.Double:
                to.Double(3, value.Double);
                break;
            case ValueKind.String:
                to.Bytes(4, value.Utf8);
                break;
            case ValueKind.Timestamp:
                to.Number(5, value.Int64);
                break;
            case ValueKind.List:
                WriteList(to, value);
                break;
            default:
                WriteMap(to, value);
                break;
        }

        to.Close(at);
    }

    private static void WriteList(ProtoWriter to, in Value list)
    {
        int at = to.Open(6);
        foreach (ref readonly Value item in list.Items)
        {
            Write(to, 1, item);
        }

        to.Close(at);
    }

    private static void WriteMap(ProtoWriter to, in Value map)
    {
        int at = to.Open(7);
        for (int i = 0; i < map.Items.Length; i += 2)
        {
            int entry = to.Open(1);
            Write(to, 1, map.Items[i]);
            Write(to, 2, map.Items[i + 1]);
            to.Close(entry);
        }

        to.Close(at);
    }
}
