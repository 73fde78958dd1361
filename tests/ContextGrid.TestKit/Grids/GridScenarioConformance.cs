using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.TestKit.Oracle;
using ContextGrid.TestKit.Scenarios;

namespace ContextGrid.TestKit.Grids;

/// <summary>
/// Random definitions and events on a grid: every answer is the oracle's, and every entity's state has the bytes that
/// the embedded grid gives for the same events, partition after partition. A failure says its seed, and
/// CONTEXTGRID_SEED runs one again.
/// </summary>
public abstract class GridScenarioConformance
{
    // Two seeds have every aggregate with every kind of window once.
    private const int Scenarios = 5;

    /// <summary>How many seeds.</summary>
    protected virtual int Runs => 2;

    /// <summary>Starts a grid without entities.</summary>
    protected abstract Task<GridUnderTest> StartAsync(DefinitionSet definitions);

    [Fact]
    public Task Apply_RandomEventsOneAfterTheOther_AnswersAreTheOraclesAndStateIsTheSame() =>
        ForAllAsync(async (grid, world, random) =>
        {
            await ApplyAsync(grid, GridBatches.Of(ScenarioMaker.Interleave(world.Events, random), random));
            await CheckAsync(grid, world, world.Events, random);
        });

    [Fact]
    public Task Apply_RandomPartitionsAtTheSameTime_AnswersAreTheOraclesAndStateIsTheSame() =>
        ForAllAsync(async (grid, world, random) =>
        {
            await Task.WhenAll(world.Events.GroupBy(e => (e.Topic, e.Partition)).Select(partition =>
            {
                List<OracleEvent[]> batches = GridBatches.Of([.. partition], random);
                return Task.Run(() => ApplyAsync(grid, batches));
            }));
            await CheckAsync(grid, world, world.Events, random);
        });

    [Fact]
    public Task Apply_RandomEventsAskedOnTheWayAndBroughtAgain_AnswersAreTheOraclesAndStateIsTheSame() =>
        ForAllAsync(async (grid, world, random) =>
        {
            ImmutableArray<OracleEvent> events = ScenarioMaker.Interleave(world.Events, random);
            int middle = random.Next(events.Length + 1);
            await ApplyAsync(grid, GridBatches.Of(events[..middle], random));
            await CheckAsync(grid, world, events[..middle], random);
            int from = random.Next(middle + 1);
            await ApplyAsync(grid, GridBatches.Of(events[from..], random));
            await CheckAsync(grid, world, events, random);
        });

    private async Task ForAllAsync(Func<GridUnderTest, ScenarioWorld, Random, Task> check)
    {
        string? chosen = Environment.GetEnvironmentVariable("CONTEXTGRID_SEED");
        int first = chosen is null ? 0 : int.Parse(chosen, CultureInfo.InvariantCulture);
        for (int seed = first; seed < first + (chosen is null ? Runs : 1); seed++)
        {
            var world = ScenarioWorld.Make(seed, Scenarios);
            await using GridUnderTest grid = await StartAsync(GridUnderTest.Parse(world.ToYaml()));
            try
            {
                await check(grid, world, new Random(seed));
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Assert.Fail($"CONTEXTGRID_SEED={seed} reruns this.\n{e}\n{world.ToYaml()}");
            }
        }
    }

    private static async Task ApplyAsync(GridUnderTest grid, List<OracleEvent[]> batches)
    {
        foreach (OracleEvent[] batch in batches)
        {
            await grid.ApplyAsync(
                new TopicPartition(batch[0].Topic, batch[0].Partition), batch.Select(GridEvent.Of));
        }
    }

    private static async Task CheckAsync(
        GridUnderTest grid, ScenarioWorld world, ImmutableArray<OracleEvent> events, Random random)
    {
        FeatureOracle[] oracles = [.. world.Types.Select(t => new FeatureOracle(t))];
        Array.ForEach(oracles, o => events.ToList().ForEach(o.Add));
        await RequireAnswersAsync(grid, world, oracles, events, random);
        await RequireStateAsync(grid, world, oracles, events);
    }

    private static async Task RequireStateAsync(
        GridUnderTest grid, ScenarioWorld world, FeatureOracle[] oracles, ImmutableArray<OracleEvent> events)
    {
        await using GridUnderTest straight = GridUnderTest.Embedded(grid.Definitions);
        foreach (var partition in events.GroupBy(e => (e.Topic, e.Partition)))
        {
            await ApplyAsync(straight, [[.. partition]]);
        }

        foreach ((FeatureOracle oracle, string key) in oracles.SelectMany(o => world.Keys.Select(k => (o, k))))
        {
            byte[] right = await straight.SnapshotAsync(PlanOf(straight, oracle), key);
            byte[] found = await grid.SnapshotAsync(PlanOf(grid, oracle), key);
            Assert.True(
                right.AsSpan().SequenceEqual(found),
                $"{oracle.Entity.Name}/{key} has other bytes than on the embedded grid.");
        }
    }

    private static async Task RequireAnswersAsync(
        GridUnderTest grid,
        ScenarioWorld world,
        FeatureOracle[] oracles,
        ImmutableArray<OracleEvent> events,
        Random random)
    {
        long[] newest = [.. events.Select(e => e.TimeMs)];
        long last = newest.DefaultIfEmpty(0).Max();
        foreach ((QueryHead head, long headMs) in new[]
        {
            (QueryHead.Newest, 0L), (QueryHead.Now, last + random.Next(3_600_000)), (QueryHead.AsOf, last),
            (QueryHead.Now, newest.Length == 0 ? 0 : newest[random.Next(newest.Length)]),
            (QueryHead.AsOf, newest.Length == 0 ? 0 : newest[random.Next(newest.Length)]),
        })
        {
            string[] keys = [.. world.Keys, "nobody"];
            ContextQuery query = Query(grid, keys);
            (query.Head, query.HeadMs) = (head, headMs);
            ContextAnswer answer = await grid.ReadAsync(query);
            for (int i = 0; i < query.Count; i++)
            {
                FeatureOracle oracle = oracles.Single(
                    o => o.Entity.Name == grid.Plans[query[i].Selection].Definition.Name);
                Require(answer, i, query, oracle, keys[i % keys.Length]);
            }
        }
    }

    private static EntityPlan PlanOf(GridUnderTest grid, FeatureOracle oracle) =>
        grid.Plans.Single(p => p.Definition.Name == oracle.Entity.Name);

    private static ContextQuery Query(GridUnderTest grid, string[] keys)
    {
        var query = new ContextQuery();
        for (int type = 0; type < grid.Plans.Length; type++)
        {
            query.Selections.Add(FeatureSelection.All(grid.Plans[type]));
            Array.ForEach(keys, k => query.Add(type, Encoding.UTF8.GetBytes(k)));
        }

        return query;
    }

    private static void Require(ContextAnswer answer, int index, ContextQuery query, FeatureOracle oracle, string key)
    {
        string what = $"{oracle.Entity.Name}/{key} at {query.Head} {query.HeadMs}";
        long? newestMs = oracle.NewestMs(key);
        bool isPast = query.Head == QueryHead.AsOf && newestMs > query.HeadMs;
        Assert.True(isPast == answer.Past.Contains(index), $"{what}: the entity {(isPast ? "is" : "is not")} past.");
        if (isPast)
        {
            return;
        }

        long headMs = query.Head == QueryHead.Newest && newestMs is { } newest
            ? newest
            : Math.Max(query.HeadMs, newestMs ?? long.MinValue);
        Assert.Equal(
            (what, headMs, newestMs ?? EventTimes.None),
            (what, answer.Header(index).HeadMs, answer.Header(index).NewestMs));
        Assert.Equal([what], OracleDifferences.Of(
            oracle, key, headMs, query.Selections[query[index].Selection].Names, answer.Slots(index)).Prepend(what));
    }
}
