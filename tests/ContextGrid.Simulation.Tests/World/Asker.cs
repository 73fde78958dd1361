using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Simulation.Tests.Truth;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>Asks for entities, and keeps every answer for the checks.</summary>
internal sealed class Asker(SimulatedWorld world, Random random)
{
    public async Task RunAsync()
    {
        for (int i = 0; i < world.Plan.Reads; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 6_000)), world.Clock);
            SimulatedProcess? process = world.Current;
            await Task.WhenAll(Enumerable.Range(0, random.Next(1, 4)).Select(_ => TryAskAsync(process)).ToArray());
        }
    }

    /// <summary>What clients do that are still connected to a process: they are answered before it has looked around
    /// after a pause.</summary>
    public Task AskTwiceAsync(SimulatedProcess process) => Task.WhenAll(TryAskAsync(process), TryAskAsync(process));

    /// <summary>Asks a process for some entity; it need not answer.</summary>
    private async Task TryAskAsync(SimulatedProcess? process)
    {
        bool isUser = random.Next(3) > 0;
        string key = isUser ? $"u{random.Next(5)}" : $"d{random.Next(3)}";
        try
        {
            await AskAsync(process, isUser ? 0 : 1, key, random.Next(3) == 0 ? NewestKnown() : []);
        }
        catch (Exception e) when (MayFail(e))
        {
            world.Trace.Note($"asker: {key} failed: {e.Message}");
        }
    }

    /// <summary>Asks for one entity at its newest event.</summary>
    public async Task<RecordedAnswer> AskAsync(
        SimulatedProcess? process, int type, string key, ImmutableArray<(TopicPartition, long)> positionsMin)
    {
        string name = type == 0 ? "user" : "device";
        int plan = Array.FindIndex(SimulatedDefinitions.Plans, p => p.Definition.Name == name);
        ImmutableArray<(TopicPartition Partition, long End)> ends = world.EndsKnownLongAgo();
        string what = $"{world.Trace.Now} the answer about {key} of process {process?.Number}";
        var query = new ContextQuery { Head = QueryHead.Newest, PositionsMin = positionsMin };
        RecordedAnswer recorded = await (process ?? throw new ConnectionLostException()).CallAsync(
            host => ReadAsync(host, plan, key, query, what, ends), TimeSpan.FromMinutes(5), world.Clock);
        if (world.IsReconciled)
        {
            AnswerCheck.AgainstLog(recorded, world.Truth);
        }

        world.Answers.Add(recorded);
        return recorded;
    }

    /// <summary>Asks for one entity as it was at a moment: it is built from the log.</summary>
    /// <exception cref="EventLogException">The log can't be read.</exception>
    public async Task<RecordedAnswer> AskPastAsync(SimulatedProcess? process, int plan, string key, long headMs)
    {
        var query = new ContextQuery { Head = QueryHead.AsOf, HeadMs = headMs };
        string what = $"{world.Trace.Now} the answer about {key} as of {headMs}";
        return await (process ?? throw new ConnectionLostException()).CallAsync(
            host => ReadAsync(host, plan, key, query, what, []), TimeSpan.FromHours(1), world.Clock);
    }

    private static async Task<RecordedAnswer> ReadAsync(
        EmbeddedHost host,
        int plan,
        string key,
        ContextQuery query,
        string what,
        ImmutableArray<(TopicPartition, long)> ends)
    {
        query.Selections.Add(FeatureSelection.All(host.Grid.Plans[plan]));
        query.Add(0, Encoding.UTF8.GetBytes(key));
        var answer = new ContextAnswer();
        await host.Reader.ReadAsync(query, answer, CancellationToken.None);
        return RecordedAnswer.Of(what, plan, key, query, answer, ends);
    }

    // Damage is told where a bit has changed, and by an owner whose segments its successor has replaced.
    private bool MayFail(Exception e) => e is ConnectionLostException or TimeoutException or EventLogException
        or SnapshotStoreException
        || (e is CheckpointCorruptException && (world.Plan.Has(Faults.BitFlip) || world.Plan.Has(Faults.Takeover)));

    private ImmutableArray<(TopicPartition, long)> NewestKnown() => world.KnownEnds.Count == 0
        ? []
        : [(world.KnownEnds[^1].Partition, world.KnownEnds[^1].End - 1)];
}
