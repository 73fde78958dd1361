using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Shards;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Outputs;

/// <summary>
/// All outputs of a host. A checkpoint notes for each output whose changes are all written a number that stands for its
/// definition; a start that does not find it writes all entities of the type, and otherwise only those that the records
/// which it reads again have marked. So after a crash the last value of each key becomes right.
/// </summary>
public sealed class GridOutputs
{
    private readonly ImmutableArray<(OutputWriter Writer, string Counter, long Hash)> _outputs;

    internal GridOutputs(
        ShardEngine grid,
        OutputSources sources,
        OutputEncoderFactory encoders,
        System.Diagnostics.Metrics.Meter meter,
        ILogger logger)
    {
        var metrics = new OutputMetrics(meter, () => _outputs.Select(o => o.Writer));
        var outputs = ImmutableArray.CreateBuilder<(OutputWriter, string, long)>();
        foreach (EntityTable table in grid.Tables)
        {
            foreach (OutputMarks marks in table.Outputs)
            {
                EntityDefinition entity = table.Plan.Definition;
                FeatureSelection selection = FeatureSelection.Of(
                    table.Plan, [.. marks.Output.Features.Select(f => entity.Features[f].Name)]);
                IOutputEncoder encoder = marks.Output.Format == OutputFormat.Json
                    ? new JsonOutputEncoder(selection)
                    : encoders(marks.Output, selection);
                var writer = new OutputWriter(marks, selection, encoder, sources, metrics, logger);
                string counter = "output." + writer.Name;
                long hash = (long)DefinitionHash.OfOutput(table.Plan.Definitions, entity, marks.Output);
                writer.IsWhole = sources.Checkpoints.Current.Content.Counters.TryGetValue(counter, out long whole)
                    && whole == hash;
                outputs.Add((writer, counter, hash));
            }
        }

        _outputs = outputs.ToImmutable();
    }

    /// <summary>How each output is doing, in the order of the definitions.</summary>
    public IEnumerable<OutputState> States => _outputs.Select(o => new OutputState(
        o.Writer.Name, o.Writer.Marks.Output.Topic, o.Writer.Written, o.Writer.Waiting,
        o.Writer.IsWhole && !o.Writer.Marks.IsOver, o.Writer.Fault));

    /// <summary>Writes until cancelled.</summary>
    /// <param name="checkpoint">Makes a checkpoint.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal Task RunAsync(Func<CancellationToken, Task> checkpoint, CancellationToken cancellationToken) =>
        Task.WhenAll(_outputs.Select(o => o.Writer.RunAsync(checkpoint, cancellationToken)));

    /// <summary>Writes what waits, for a checkpoint whose positions have been noted.</summary>
    /// <returns>What the checkpoint is to note.</returns>
    internal async ValueTask<ImmutableSortedDictionary<string, long>> FlushAsync()
    {
        // All at a time: a checkpoint waits for the slowest one and not for each.
        bool[] whole = await Task.WhenAll(_outputs.Select(o => o.Writer.TryFlushAsync().AsTask()));
        return _outputs.Where((_, i) => whole[i])
            .ToImmutableSortedDictionary(o => o.Counter, o => o.Hash, StringComparer.Ordinal);
    }
}

/// <summary>How an output is doing.</summary>
/// <param name="Name">Entity type and output, as <c>user.features</c>.</param>
/// <param name="Topic">Where it writes.</param>
/// <param name="Written">Records written since the start.</param>
/// <param name="Waiting">Changed entities that are not written yet.</param>
/// <param name="IsWhole">False: all entities are to be written first.</param>
/// <param name="Fault">Why the last attempt failed; null: it did not.</param>
public sealed record OutputState(
    string Name, string Topic, long Written, int Waiting, bool IsWhole, string? Fault);
