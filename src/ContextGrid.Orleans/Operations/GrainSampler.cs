using System.Collections.Frozen;
using System.Diagnostics;
using ContextGrid.Orleans.Replay;
using ContextGrid.Orleans.Storage;
using ContextGrid.Orleans.Topology;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace ContextGrid.Orleans.Operations;

/// <summary>
/// Which traces of grains begin: none with a call that a silo makes by itself, each second or for each batch of events.
/// As a part of a trace that somebody else has begun such calls are kept. Thread-safe.
/// </summary>
internal sealed class GrainSampler(Sampler inner) : Sampler
{
    private static readonly FrozenSet<string> OfSilos = FrozenSet.Create(
        StringComparer.Ordinal,
        nameof(IShardService), nameof(ISnapshotShardGrain), nameof(IReplayGrain), nameof(IReplayIndexGrain));

    /// <inheritdoc/>
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        samplingParameters.ParentContext.TraceId == default && IsOfSilo(samplingParameters.Name)
            ? new SamplingResult(SamplingDecision.Drop)
            : inner.ShouldSample(samplingParameters);

    private static bool IsOfSilo(string call)
    {
        int end = call.IndexOf('/', StringComparison.Ordinal);
        return end > 0 && OfSilos.GetAlternateLookup<ReadOnlySpan<char>>().Contains(call.AsSpan(0, end));
    }
}

/// <summary>Takes keys of entities out of spans. Thread-safe.</summary>
internal sealed class KeylessSpans : BaseProcessor<Activity>
{
    /// <inheritdoc/>
    public override void OnEnd(Activity data)
    {
        foreach ((string name, object? value) in data.TagObjects.ToArray())
        {
            if (value is string text && EntityKeys.MayBeIn(text))
            {
                data.SetTag(name, EntityKeys.Hide(text));
            }
        }
    }
}
