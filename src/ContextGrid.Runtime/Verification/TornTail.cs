using System.Buffers.Binary;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Embedded.Log;

namespace ContextGrid.Runtime.Verification;

/// <summary>
/// What stands behind the last whole record of the newest segment. A killed process leaves a write cut short, or a
/// power failure leaves zeros; both were never acknowledged. Whole bytes with a wrong checksum may be either such a
/// rest or damage of the last commit, which nothing behind it proves to have been durable; so that is a warning.
/// </summary>
/// <param name="report">Takes the finding.</param>
/// <param name="path">The segment's file.</param>
/// <param name="window">Its bytes.</param>
internal sealed class TornTail(VerifyReport report, string path, SegmentWindow window)
{
    /// <summary>Reports the tail.</summary>
    /// <param name="position">Where it starts.</param>
    /// <param name="offset">The offset that the record there would have.</param>
    /// <param name="next">Where a whole record is behind it; −1: there is none.</param>
    /// <param name="proved">Whether the index proves that it was durable.</param>
    public void Report(long position, long offset, long next, bool proved)
    {
        long bytes = window.Length - position;
        string cuts = $"A start cuts {bytes} bytes; the log goes on at offset {offset}.";
        if (proved)
        {
            report.Error(
                path, position, $"Records from offset {offset} on are damaged, and the index proves them durable.",
                cuts, "Restore the file from a backup before the next start.");
        }
        else if (next < 0 && (IsZero(position) || IsCutShort(position, offset)))
        {
            report.Info(path, position, "A write was interrupted here; none of its records was acknowledged.", cuts);
        }
        else
        {
            report.Warning(
                path, position,
                "The last commit is not whole: a power failure has torn it, or it was damaged after it was "
                + "acknowledged.",
                cuts, "If there was no power failure, restore the file from a backup before the next start.");
        }
    }

    private bool IsZero(long position)
    {
        for (long at = position; at < window.Length; at += 4096)
        {
            if (window.At(at, 4096).ContainsAnyExcept((byte)0))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the file ends inside of a record that may be right so far.</summary>
    private bool IsCutShort(long position, long offset)
    {
        int rest = (int)Math.Min(window.Length - position, int.MaxValue);
        ReadOnlySpan<byte> start = window.At(position, RecordFormat.HeaderBytes);
        if (start.Length < 4)
        {
            return true;
        }

        if (start.Length == RecordFormat.HeaderBytes && RecordFormat.Offset(start) != offset)
        {
            return false;
        }

        int size = RecordFormat.SizeAt(start);
        return size > rest && !IsWholeWithWrongLength(position, rest);
    }

    /// <summary>Whether the bytes up to the file's end are a whole record of which only the length is wrong.</summary>
    private bool IsWholeWithWrongLength(long position, int rest)
    {
        if (rest is < RecordFormat.HeaderBytes or > RecordFormat.RecordBytesMax)
        {
            return false;
        }

        ReadOnlySpan<byte> record = window.At(position, rest);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)rest - 8);
        uint crc = Crc32C.Append(Crc32C.Compute(length), record[8..]);
        return crc == BinaryPrimitives.ReadUInt32LittleEndian(record[4..]);
    }
}
