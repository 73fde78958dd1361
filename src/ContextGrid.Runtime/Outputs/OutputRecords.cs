using System.Buffers;
using System.Globalization;
using System.Text;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Outputs;

/// <summary>
/// Turns an answer into records: the key is the entity's, the value the encoder's, and headers tell the entity's type
/// and the last position of each source that the value reflects. One caller at a time.
/// </summary>
/// <param name="selection">What is written.</param>
/// <param name="encoder">Writes the values.</param>
public sealed class OutputRecords(FeatureSelection selection, IOutputEncoder encoder)
{
    /// <summary>The header with the entity's type.</summary>
    internal const string TypeHeader = "contextgrid.entity";

    /// <summary>The header with the positions, as <c>payments/0@17,payments/2@4</c>.</summary>
    internal const string PositionsHeader = "contextgrid.positions";

    private readonly ArrayBufferWriter<byte> _values = new();

    /// <summary>Whether events of the entity are missing: skipped ones, or in a declared gap.</summary>
    public static bool IsDegraded(ContextAnswer answer, int index) =>
        answer.Header(index).SkippedEvents > 0 || answer.Sources.Exists(s => !s.Gaps.IsDefaultOrEmpty);

    /// <summary>The records of all entities of an answer; valid until the next call.</summary>
    /// <param name="query">What was asked.</param>
    /// <param name="answer">Its answer.</param>
    /// <param name="nowMs">The records' time.</param>
    /// <param name="tooLarge">How many are left out, since a log does not take a value so large.</param>
    internal LogRecord[] Of(ContextQuery query, ContextAnswer answer, long nowMs, out int tooLarge)
    {
        var records = new List<(int Index, int Start, int Length)>(answer.Count);
        tooLarge = 0;
        _values.ResetWrittenCount();
        for (int i = 0; i < answer.Count; i++)
        {
            int start = _values.WrittenCount;
            encoder.Encode(answer, i, query.Key(i), _values);
            int length = _values.WrittenCount - start;
            if (length > RecordFormat.ValueBytesMax)
            {
                tooLarge++;
            }
            else
            {
                records.Add((i, start, length));
            }
        }

        return
        [
            .. records.Select(r => new LogRecord(
                -1, nowMs, query.Key(r.Index).ToArray(), _values.WrittenMemory.Slice(r.Start, r.Length),
                Headers(answer, r.Index))),
        ];
    }

    private byte[] Headers(ContextAnswer answer, int index)
    {
        var positions = new StringBuilder();
        foreach (Position position in answer.Positions(index))
        {
            positions.Append(CultureInfo.InvariantCulture, $"{(positions.Length > 0 ? "," : "")}");
            positions.Append(
                CultureInfo.InvariantCulture,
                $"{selection.Plan.Topics[position.TopicIndex]}/{position.Partition}@{position.Offset}");
        }

        return LogHeaders.Encode(
        [
            new(TypeHeader, selection.Plan.Definition.Name), new(PositionsHeader, positions.ToString()),
        ]);
    }
}
