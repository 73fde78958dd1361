using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Orleans.Entities;
using ContextGrid.Orleans.Wire;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;
using Orleans;

namespace ContextGrid.Orleans.Ingestion;

/// <summary>
/// Brings the events of one partition to their entities' grains: groups a batch by entity, and calls grains, some at a
/// time. Remembers what it has brought since the last commit, so that each call can say what the entity must have.
/// The ingestor's task applies, another may flush.
/// </summary>
internal sealed class EntityDelivery : IEventTarget
{
    private const int CallsMax = 512;

    private readonly GridContext _grid;
    private readonly IGrainFactory _grains;
    private readonly List<(EntityPlan Plan, EntitySource Source, byte[] Type)>[] _consumers;
    private readonly int[] _fields;
    private readonly UncommittedEntities _uncommitted;
    private readonly Dictionary<byte[], EventBlockWriter> _groups = new(Utf8KeyComparer.Instance);
    private readonly Stack<EventBlockWriter> _spare = new();
    private readonly byte[] _name = new byte[4096];

    internal EntityDelivery(GridContext grid, IGrainFactory grains, UncommittedEntities uncommitted)
    {
        (_grid, _grains, _uncommitted) = (grid, grains, uncommitted);
        DefinitionSet definitions = grid.Definitions;
        _fields = [.. definitions.Events.Select(e => e.Fields.Length)];
        _consumers = new List<(EntityPlan, EntitySource, byte[])>[definitions.Events.Length];
        for (int e = 0; e < _consumers.Length; e++)
        {
            _consumers[e] =
            [
                .. grid.Plans.SelectMany(p => p.Definition.Sources.Where(s => s.EventIndex == e).Select(
                    s => (p, s, System.Text.Encoding.UTF8.GetBytes(p.Definition.Name)))),
            ];
        }
    }

    /// <summary>Ends with <see cref="StateLostException"/> when an entity has lost what was brought to it.</summary>
    /// <inheritdoc/>
    public async ValueTask ApplyAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        Group(batch);
        var calls = new Queue<(byte[] Name, EventBlockWriter Events, Task<ApplyReply> Reply)>();
        string? fault = null;
        foreach ((byte[] name, EventBlockWriter events) in _groups.ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (calls.Count >= CallsMax)
            {
                fault = await EndAsync(calls.Dequeue()) ?? fault;
            }

            EventBlock block = events.ToBlock(_uncommitted.ExpectedOf(name), _grid.Silo);
            calls.Enqueue((name, events, _grains.EntityOf(name).ApplyAsync(block).AsTask()));
        }

        while (calls.TryDequeue(out var call))
        {
            fault = await EndAsync(call) ?? fault;
        }

        if (fault is not null)
        {
            // What was not answered is kept, and brought again by the next call.
            throw new SnapshotStoreException($"Entities can't be reached at present: {fault}");
        }
    }

    /// <inheritdoc/>
    public ValueTask CompleteAsync(
        TopicPartition partition, Delivered delivered, CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public void Abandon(TopicPartition partition)
    {
        // Each entity has what was brought to it.
    }

    private void Group(EventBatch batch)
    {
        var groups = _groups.GetAlternateLookup<ReadOnlySpan<byte>>();
        while (batch.MoveNext())
        {
            EventRecord record = batch.Current;
            foreach ((_, EntitySource source, byte[] type) in _consumers[record.EventIndex])
            {
                if (!batch.TryGetKey(source, out ReadOnlySpan<byte> key))
                {
                    continue;
                }

                ReadOnlySpan<byte> name = _name.AsSpan(0, EntityName.Write(type, key, _name));
                if (!groups.TryGetValue(name, out EventBlockWriter? events))
                {
                    groups[name] = events = _spare.TryPop(out EventBlockWriter? spare) ? spare : new EventBlockWriter();
                }

                events.Add(record, _fields[record.EventIndex], batch.IsSkipped);
            }
        }
    }

    // Ends a call; what is applied leaves the groups.
    private async ValueTask<string?> EndAsync((byte[] Name, EventBlockWriter Events, Task<ApplyReply> Reply) call)
    {
        try
        {
            ApplyReply reply = await call.Reply;
            if (reply.IsLost)
            {
                throw new StateLostException(call.Name);
            }

            _uncommitted.Note(call.Name, call.Events.Last);
            _groups.Remove(call.Name);
            call.Events.Reset();
            _spare.Push(call.Events);
            _grid.Metrics.CountLate(reply.Late);
            _grid.Metrics.CountRedelivered(reply.Repeated);
            return null;
        }
        catch (Exception e) when (e is not StateLostException and not OperationCanceledException)
        {
            return SiloFaults.Sentence(e);
        }
    }
}
