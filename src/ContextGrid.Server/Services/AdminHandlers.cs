using System.Reflection;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Outputs;

namespace ContextGrid.Server.Services;

/// <summary>AdminService: the state of the server for operators. Thread-safe.</summary>
/// <param name="host">The grid.</param>
/// <param name="readiness">Whether it is ready.</param>
/// <param name="rates">Measures events a second.</param>
/// <param name="time">The clock.</param>
internal sealed class AdminHandlers(IGridHost host, Readiness readiness, RateMeter rates, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();

    /// <summary>The product's version.</summary>
    internal static string Version { get; } =
        typeof(AdminHandlers).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            .Split('+')[0] ?? "0";

    /// <summary>The members of the cluster, of which status shows those that matter now.</summary>
    internal MemberList Members { get; } = new(time);

    internal GetStatusResponse GetStatus()
    {
        long nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        string? notReady = readiness.WhyNot();
        HostState state = host.State;
        var status = new GetStatusResponse
        {
            Version = Version,
            UptimeSeconds = (long)time.GetElapsedTime(_started).TotalSeconds,
            Ready = notReady is null,
            NotReadyReason = notReady ?? "",
            EventsApplied = host.Metrics.Applied,
            EventsPerSecond = rates.PerSecond,
            DeadLetters = host.Metrics.DeadLetters,
            CheckpointGeneration = state.Generation,
        };
        if (state.DurableMs is { } durableMs)
        {
            status.CheckpointTimeMs = durableMs;
        }

        status.Counters["events_late"] = host.Metrics.Late;
        status.Counters["events_duplicate"] = host.Metrics.Duplicates;
        status.Counters["events_id_conflict"] = host.Metrics.Conflicts;
        status.Counters["events_id_on_other_partition"] = host.Metrics.Elsewhere;
        status.Counters["tombstones"] = host.Metrics.Tombstones;
        status.Counters["events_refused"] = host.Metrics.Refused;
        status.Recovery.AddRange(state.Recovered);
        status.Notes.AddRange(state.Notes);
        status.Memory = Memory(state.Memory);
        status.CheckpointDamage.AddRange(state.DamagedSegments);
        (status.CheckpointCheckedBytes, status.CheckpointStoredBytes) = state.ScrubBytes;
        status.Sources.AddRange(host.Progress.Select(p => Source(p, nowMs, state)));
        status.Outputs.AddRange(state.Outputs.Select(Output));
        status.EntityTypes.AddRange(host.Grid.Plans.Select((p, i) => EntityType(p.Definition, state.Entities[i])));
        status.Silos.AddRange(Members.See(state.Silos).Select(
            s => new Contracts.V1.SiloStatus { Address = s.Address, Status = s.Status, IsThis = s.IsThis }));
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

    private static EntityTypeStatus EntityType(EntityDefinition definition, EntityCount count) => new()
    {
        Type = definition.Name,
        DefinitionVersion = ContextWire.DefinitionVersion,
        Entities = count.All,
        Resident = count.Resident,
        Features = definition.Features.Length,
        FreshnessObjectiveMs = definition.FreshnessMs,
    };

    private MemoryStatus Memory(EntityMemory memory) => new()
    {
        MaxBytes = memory.MaxBytes,
        ResidentBytes = memory.ResidentBytes,
        LookupBytes = memory.LookupBytes,
        Lookups = host.Metrics.Entities.Lookups,
        Activated = host.Metrics.Entities.Activated,
        Passivated = host.Metrics.Entities.Passivated,
        IngestionWaits = host.Metrics.Entities.Waits,
    };

    private SourceStatus Source(PartitionProgress progress, long nowMs, HostState state)
    {
        ReaderState reader = state.Readers.GetValueOrDefault(progress.Partition);
        var status = new SourceStatus
        {
            Topic = progress.Partition.Topic,
            Partition = progress.Partition.Partition,
            AppliedOffset = progress.Next - 1,
            LagRecords = progress.Lag,
            LagMs = progress.LagMs(nowMs),
            Reader = reader.Silo ?? "",
            Fault = reader.Fault ?? "",
            IdScope = (Contracts.V1.IdScope)host.Definitions.Events[
                host.Definitions.EventOf(progress.Partition.Topic)].IdScope,
        };
        if (progress.StartOffset > 0)
        {
            status.StartOffset = progress.StartOffset;
        }

        status.Gaps.AddRange(progress.Gaps.Select(g => new OffsetGap { First = g.First, Last = g.Last }));
        return status;
    }
}
