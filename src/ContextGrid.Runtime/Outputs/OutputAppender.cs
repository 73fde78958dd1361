using ContextGrid.Core.Definitions;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Outputs;

/// <summary>Reads some entities' values and appends them to the output's topic. One caller at a time.</summary>
/// <param name="output">The output.</param>
/// <param name="selection">What is written.</param>
/// <param name="encoder">Writes the values.</param>
/// <param name="sources">What is read and written.</param>
internal sealed class OutputAppender(
    OutputDefinition output, FeatureSelection selection, IOutputEncoder encoder, OutputSources sources)
{
    /// <summary>Entities of one call.</summary>
    internal const int EntitiesMax = 500;

    private readonly OutputRecords _records = new(selection, encoder);
    private readonly ContextQuery _query = new();
    private readonly ContextAnswer _answer = new();
    private readonly RecordPosition[] _positions = new RecordPosition[EntitiesMax];

    /// <summary>Writes the present values of entities.</summary>
    /// <returns>How many records were written, and how many are too large for that.</returns>
    internal async ValueTask<(int Records, int TooLarge)> AppendAsync(
        IReadOnlyList<byte[]> keys, CancellationToken cancellationToken)
    {
        await encoder.PrepareAsync(cancellationToken);
        _query.Clear();
        _query.Selections.Add(selection);
        foreach (byte[] key in keys)
        {
            _query.Add(0, key);
        }

        await sources.Reader.ReadAsync(_query, _answer, cancellationToken);
        long nowMs = sources.Time.GetUtcNow().ToUnixTimeMilliseconds();
        LogRecord[] records = _records.Of(_query, _answer, nowMs, out int tooLarge);
        try
        {
            await sources.Log.AppendAsync(output.Topic, records, _positions, cancellationToken);
            return (records.Length, tooLarge);
        }
        catch (EventLogException e) when (e.Error == EventLogError.RecordTooLarge)
        {
            int refused = await AppendEachAsync(records, cancellationToken);
            return (records.Length - refused, tooLarge + refused);
        }
    }

    // The topic takes less than a log does. Those beside what is too large may be written twice.
    private async ValueTask<int> AppendEachAsync(LogRecord[] records, CancellationToken cancellationToken)
    {
        int refused = 0;
        for (int i = 0; i < records.Length; i++)
        {
            try
            {
                await sources.Log.AppendAsync(
                    output.Topic, records.AsMemory(i, 1), _positions, cancellationToken);
            }
            catch (EventLogException e) when (e.Error == EventLogError.RecordTooLarge)
            {
                refused++;
            }
        }

        return refused;
    }
}
