using System.Reflection;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Outputs;

namespace ContextGrid.Server.Services;

/// <summary>AdminService: the state of the server for operators. Thread-safe.</summary>
/// <param name="host">The grid.</param>
/// <param name="rates">Measures events a second.</param>
/// <param name="time">The clock.</param>
internal sealed class AdminHandlers(EmbeddedHost host, RateMeter rates, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();

    /// <summary>The product's version.</summary>
    internal static string Version { get; } =
        typeof(AdminHandlers).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            .Split('+')[0] ?? "0";

    internal GetStatusResponse GetStatus()
    {
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        string? notReady = host.WhyNotReady(nowMs);
        var status = new GetStatusResponse
        {
            Version = Version,
            UptimeSeconds = (long)time.GetElapsedTime(_started).TotalSeconds,
            Ready = notReady is null,
            NotReadyReason = notReady ?? "",
            EventsApplied = host.Metrics.Applied,
            EventsPerSecond = rates.PerSecond,
            DeadLetters = host.Metrics.DeadLetters,
            CheckpointGeneration = host.Checkpoint.Generation,
            CheckpointTimeMs = host.Checkpoint.CreatedMs,
        };
        status.Counters["events_late"] = host.Metrics.Late;
        status.Counters["events_duplicate"] = host.Metrics.Duplicates;
        status.Counters["events_id_conflict"] = host.Metrics.Conflicts;
        status.Counters["events_refused"] = host.Metrics.Refused;
        status.Recovery.AddRange(host.Recovered);
        status.Memory = Memory();
        status.CheckpointDamage.AddRange(host.DamagedSegments);
        (status.CheckpointCheckedBytes, status.CheckpointStoredBytes) = host.ScrubBytes;
        status.Sources.AddRange(host.Progress.Select(p => Source(p, nowMs)));
        status.Outputs.AddRange(host.Outputs.States.Select(Output));
        status.EntityTypes.AddRange(Enumerable.Range(0, host.Grid.Plans.Length).Select(EntityType));
        return status;
    }

    private static OutputStatus Output(OutputState output) => new()
    {
        Name = output.Name,
        Topic = output.Topic,
        Written = output.Written,
        Waiting = output.Waiting,
        WritesAll = !output.IsWhole,
        Fault = output.Fault ?? "",
    };

    internal GetDefinitionsResponse GetDefinitions()
    {
        var response = new GetDefinitionsResponse();
        foreach (EntityPlan plan in host.Grid.Plans)
        {
            var entity = new EntityDefinitionText
            {
                Type = plan.Definition.Name,
                Version = ContextWire.DefinitionVersion,
            };
            entity.Features.AddRange(plan.Definition.Features.Select(f => new Contracts.V1.FeatureText
            {
                Name = f.Name,
                Type = Core.Expressions.TypeNames.Of(f.Type),
                Text = Core.Definitions.FeatureText.Print(plan.Definitions, plan.Definition, f),
            }));
            response.Entities.Add(entity);
        }

        response.Topics.AddRange(host.Definitions.Events.Select(e => new TopicInfo
        {
            Topic = e.Topic,
            Event = e.Name,
            Partitions = host.Progress.Count(p => p.Partition.Topic == e.Topic),
        }));
        return response;
    }

    private EntityTypeStatus EntityType(int plan)
    {
        EntityDefinition definition = host.Grid.Plans[plan].Definition;
        return new EntityTypeStatus
        {
            Type = definition.Name,
            DefinitionVersion = ContextWire.DefinitionVersion,
            Entities = host.Grid.CountEntities(plan),
            Resident = host.Grid.CountResident(plan),
            Features = definition.Features.Length,
            FreshnessObjectiveMs = definition.FreshnessMs,
        };
    }

    private MemoryStatus Memory() => new()
    {
        MaxBytes = host.Grid.ResidentBytesMax,
        ResidentBytes = host.Grid.ResidentBytes,
        LookupBytes = host.Grid.LookupBytes,
        Lookups = host.Metrics.Entities.Lookups,
        Activated = host.Metrics.Entities.Activated,
        Passivated = host.Metrics.Entities.Passivated,
        IngestionWaits = host.Metrics.Entities.Waits,
    };

    private static SourceStatus Source(PartitionProgress progress, long nowMs)
    {
        var status = new SourceStatus
        {
            Topic = progress.Partition.Topic,
            Partition = progress.Partition.Partition,
            AppliedOffset = progress.Next - 1,
            LagRecords = progress.Lag,
            LagMs = progress.LagMs(nowMs),
        };
        status.Gaps.AddRange(progress.Gaps.Select(g => new OffsetGap { First = g.First, Last = g.Last }));
        return status;
    }
}
