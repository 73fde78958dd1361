using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Shards;
using ContextGrid.Runtime.Tests.Ingestion;

namespace ContextGrid.Runtime.Tests.Topology;

/// <summary>Shards that are opened while events and queries come.</summary>
public sealed class ShardOpeningTests
{
    private const int Shards = 4;

    [Fact]
    public async Task Open_EventsComeInTheMiddle_AreAppliedOrMissedAsAWhole()
    {
        using var metrics = new GridMetrics();
        PartitionProgress progress = Progress();
        var positions = new ShardPositions([progress], Shards, isOnlyReader: false);
        var engine = new ShardEngine(TestRecords.Definitions, metrics, null, 0, positions);
        string[] users = [.. Enumerable.Range(0, 40).Select(i => $"u{i}")];
        bool isFirst = true;
        engine.OpenShards(ShardSet.All(Shards), [Progress()], atStart: false, null, (_, _) =>
        {
            if (isFirst)
            {
                isFirst = false;
                Apply(engine, users);
            }

            return 0;
        });
        var query = new ContextQuery { Head = QueryHead.Newest };
        query.Selections.Add(FeatureSelection.Of(engine.Plans[0], ["payments"]));
        Array.ForEach(users, u => query.Add(0, Encoding.UTF8.GetBytes(u)));
        var answer = new ContextAnswer();
        await engine.ReadAsync(query, answer, CancellationToken.None);
        ShardSet behind = positions.Behind(0);
        for (int i = 0; i < users.Length; i++)
        {
            int shard = ShardMap.ShardOf(query.Key(i), Shards);
            Assert.True(
                behind.Contains(shard) || answer.Values(i)[0].Int64 == 1,
                $"{users[i]} has lost its event, and its shard is in step.");
        }
    }

    private static PartitionProgress Progress() =>
        new(TestRecords.Partition, Position.SourceOf(0, 0), 0, ImmutableArray<OffsetGap>.Empty);

    private static void Apply(ShardEngine engine, string[] users)
    {
        var batch = new EventBatch(TestRecords.Definitions, 0, TestRecords.Partition);
        IEnumerable<string> payments = users.Select((u, i) => TestRecords.Payment($"p{i}", u, 1));
        batch.Load(TestRecords.Batch(0, TestRecords.NowMs, payments), from: 0);
        Assert.True(engine.ApplyAsync(batch, CancellationToken.None).IsCompletedSuccessfully);
        var delivered = new Delivered(0, users.Length, users.Length, 0, TestRecords.NowMs, null);
        Assert.True(engine.CompleteAsync(TestRecords.Partition, delivered, CancellationToken.None)
            .IsCompletedSuccessfully);
    }
}
