using System.Globalization;
using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Tests.Entities;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Core.Tests.Features.Caps;

/// <summary>
/// An entity whose events go beyond the caps of categories, values, rows and texts: whatever the interleaving of its
/// partitions, wherever it is restored, state and answers are the same, and answers keep the documented bounds.
/// </summary>
public sealed class EntityCapTests
{
    private const long StartMs = 1_750_000_000_000;

    private const string Head = """
        version: 1
        events:
          hit:
            topic: hits
            timestamp: ts
            fields: {user: string, page: string, amount: double, n: int64, ts: timestamp}
        entities:
          user:
            from: {hit: user}
            features:

        """;

    private const string Categories = """
              n_by: hit | count() by page
              n_top: hit | count() by page top 10
              amount_by: hit | count(amount) by page top 20
              sum_top: hit | sum(amount) by page top 10
              total_by: hit | sum(n) by page top 10
              rate_by: hit | rate() by page top 5 over 1h
              avg_by: hit | avg(amount) by page top 50
              max_by: hit | max(amount) by page over 1h
              last_by: hit | last(page) by page top 100
              since_by: hit | since_last() by page top 30 over 1h
              names_by: hit | distinct(amount) by page top 10 over 30m
              p90_by: hit | quantile(amount, 0.9) by page over 1h exact
              session_by: hit | count() by page over session 1m
              number_by: hit | count() by n top 10 over 20m
              frequent: hit | most_frequent(page, 10)
              frequent_1h: hit | most_frequent(page, 10) over 1h
              pages: hit | distinct(page)
              median: hit | quantile(amount, 0.5) over 30m
        """;

    [Fact]
    public void ApplyAndRead_BeyondTheCapOfCategories_IsTheSameInAnyInterleavingAndKeepsItsBounds()
    {
        for (int seed = 0; seed < 2; seed++)
        {
            var random = new Random(seed);
            OracleEvent[] events =
                [.. Enumerable.Range(0, 9_000).Select(i => Event(i, random, pages: 6_000, stepMs: 700))];
            RequireSame(Head + Categories, events, random, withOracle: true, $"seed {seed}");
        }
    }

    [Fact]
    public void ApplyAndRead_CategoriesSpreadOverSparseTiles_IsTheSameInAnyInterleaving()
    {
        // Eight events a tile or fewer stay rows; together they have more categories than the cap.
        string features = """
                  n_by: hit | count() by page top 20 over 4h resolution 30s
                  sum_by: hit | sum(amount) by page top 20 over 4h resolution 30s
            """;
        var random = new Random(5);
        OracleEvent[] events =
            [.. Enumerable.Range(0, 3_000).Select(i => Event(i, random, pages: 5_000, stepMs: 4_800))];
        RequireSame(Head + features, events, random, withOracle: true, "seed 5");
    }

    [Fact]
    public void ApplyAndRead_MoreRowsThanAnExactWindowKeeps_IsTheSameInAnyInterleaving()
    {
        string features = """
                  n: hit | count() over 1h exact
                  n_some: hit | count() over 10s exact where n > 3
                  sum: hit | sum(amount) over 30m exact
                  different: hit | distinct_exact(amount) over 1h exact
                  burst: hit | count() over session 1s
            """;
        var random = new Random(6);
        OracleEvent[] events = [.. Enumerable.Range(0, 90_000).Select(i => Event(i, random, pages: 10, stepMs: 30))];
        RequireSame(Head + features, events, random, withOracle: false, "seed 6");
    }

    [Fact]
    public void ApplyAndRead_MoreBytesThanAnExactWindowKeeps_IsTheSameInAnyInterleaving()
    {
        string features = """
                  n: hit | count() over 1h exact
                  n_10m: hit | count() over 30s exact
                  pages: hit | distinct(page) over 1h exact
            """;
        var random = new Random(9);
        OracleEvent[] events = [.. Enumerable.Range(0, 25_000).Select(i =>
            Event(i, new string('x', random.Next(8_000)), 0, 0) with
            {
                TimeMs = StartMs + (i / 10 * 20) - (random.Next(15) == 0 ? random.Next(20_000) : 0),
            })];
        RequireSame(Head + features, events, random, withOracle: false, "seed 9");
        var engine = new EngineUnderTest(Head + features);
        engine.ApplyAll(events);
        Assert.InRange(engine.Entity.HeapBytes, 32 << 20, 200 << 20);
        Assert.Equal(["n", "pages"], engine.Approximate(events.Max(e => e.TimeMs)).Order());
    }

    [Fact]
    public void Read_HeavyCategoriesAmongTwentyThousand_AreFoundWithTheirNumbers()
    {
        string features = """
                  n_top: hit | count() by page top 5
                  sum_top: hit | sum(amount) by page top 5
            """;
        var random = new Random(7);
        var engine = new EngineUnderTest(Head + features);
        var counts = new Dictionary<string, int>();
        for (int i = 0; i < 40_000; i++)
        {
            string page = i % 10 < 2 ? "heavy 0" : i % 10 == 2 ? "heavy 1" : $"page {random.Next(20_000)}";
            counts[page] = counts.GetValueOrDefault(page) + 1;
            engine.Apply(Event(i, page, amount: 2.0, n: 1));
        }

        string[] heavy = [.. counts.OrderByDescending(c => c.Value).Take(2).Select(c => c.Key)];
        foreach (string feature in (string[])["n_top", "sum_top"])
        {
            var answer = Assert.IsType<List<OracleCategory>>(engine.Answer(feature, StartMs + 100_000_000).Value);
            Assert.Equal(heavy, answer.Take(2).Select(c => c.Key));
            foreach (OracleCategory category in answer.Take(2))
            {
                double right = counts[(string)category.Key] * (feature == "n_top" ? 1.0 : 2.0);
                double error = 40_000 * (feature == "n_top" ? 1.0 : 2.0) / 128;
                Assert.InRange(OracleOrder.Number(category.Value), right, right + error);
            }
        }
    }

    [Fact]
    public void AddAndMerge_BeyondTheCapOfCategories_AllocateNothingOnceWarm()
    {
        string features = """
                  n_by: hit | count() by page
                  sum_by: hit | sum(amount) by page
            """;
        GroupPlan group = new EngineUnderTest(Head + features).Plan.Events[0].Groups[0];
        Tile tile = new(group), merged = new(group);
        Value[] pages = [.. Enumerable.Range(0, 4_000).Select(i => Value.Text($"page {i:d5}"))];
        var columns = new Value[2];
        var random = new Random(8);
        long allocated = long.MaxValue, offset = 0;
        for (int round = 0; round < 30; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            tile.Clear();
            for (int i = 0; i < 4_000; i++)
            {
                columns[group.ByColumn] = pages[i];
                columns[1 - group.ByColumn] = Value.Of(random.NextDouble());
                tile.Add(new EventRow(StartMs, new Position(0, offset++), columns));
            }

            merged.Clear();
            merged.Merge(tile);
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.NotNull(tile.Categories?.Rest);
        Assert.Equal(0, allocated);
    }

    private static void RequireSame(
        string yaml, OracleEvent[] events, Random random, bool withOracle, string why)
    {
        long newest = events.Max(e => e.TimeMs);
        long[] heads = [newest, newest + 7_001, newest + 1_000_000];
        var straight = new EngineUnderTest(yaml);
        straight.ApplyAll(events);
        string[] answers = [.. heads.Select(h => Answers(straight, yaml, h))];
        byte[] bytes = straight.Snapshot();
        Assert.Equal(answers, heads.Select(h => Answers(straight, yaml, h)));
        for (int round = 0; round < 2; round++)
        {
            var other = new EngineUnderTest(yaml);
            OracleEvent[] mixed = Interleave(events, random);
            int restoreAt = random.Next(mixed.Length);
            other.ApplyAll(mixed[..restoreAt]);
            other.Restore(other.Snapshot());
            other.ApplyAll(mixed[restoreAt..]);
            Assert.Equal(answers, heads.Select(h => Answers(other, yaml, h)));
            Assert.True(bytes.AsSpan().SequenceEqual(other.Snapshot()), $"{why}: other bytes");
            other.ApplyAll(mixed[(restoreAt / 2)..]);
            Assert.True(bytes.AsSpan().SequenceEqual(other.Snapshot()), $"{why}: redelivery changes the bytes");
        }

        if (withOracle)
        {
            var oracle = new FeatureOracle(OracleDefinitions.Of(straight.Definitions, "user"));
            Array.ForEach(events, oracle.Add);
            Assert.Empty(heads.SelectMany(h => straight.Differences(oracle, "u", h)));
        }
    }

    private static string Answers(EngineUnderTest engine, string yaml, long headMs) =>
        string.Join('\n', yaml.Split('\n').Where(l => l.Contains(" | ", StringComparison.Ordinal))
            .Select(l => l.Trim().Split(':')[0]).Select(f => $"{f}: {OracleText.Of(engine.Answer(f, headMs).Value)}"));

    // Partitions keep their order; which one comes next is chance.
    private static OracleEvent[] Interleave(OracleEvent[] events, Random random)
    {
        Queue<OracleEvent>[] queues = [.. events.GroupBy(e => e.Partition).Select(g => new Queue<OracleEvent>(g))];
        var mixed = new List<OracleEvent>(events.Length);
        while (mixed.Count < events.Length)
        {
            Queue<OracleEvent> queue = queues[random.Next(queues.Length)];
            for (int i = random.Next(1, 400); i > 0 && queue.Count > 0; i--)
            {
                mixed.Add(queue.Dequeue());
            }
        }

        return [.. mixed];
    }

    private static OracleEvent Event(int i, Random random, int pages, int stepMs)
    {
        long page = (long)Math.Pow(pages, random.NextDouble());
        page = random.Next(2) == 0 ? page : random.Next(pages);
        OracleEvent e = Event(
            i, string.Create(CultureInfo.InvariantCulture, $"page {page}"), random.Next(-2_000, 20_000) / 16.0,
            random.Next(3_000));
        return e with { TimeMs = StartMs + ((long)i * stepMs) - (random.Next(15) == 0 ? random.Next(60_000) : 0) };
    }

    private static OracleEvent Event(int i, string page, double amount, long n)
    {
        string[] names = ["user", "page", "amount", "n", "ts"];
        object?[] values = ["u", page, amount, n, null];
        return new OracleEvent("hit", StartMs + i, "hits", i % 4, i, new OracleFields(names, values));
    }
}
