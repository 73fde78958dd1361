using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Codecs;
using EntityReader = ContextGrid.Core.Queries.EntityReader;

namespace ContextGrid.Core.Tests.Entities;

public sealed class EntityTests
{
    private const string Yaml = """
        version: 1
        events:
          payment:
            topic: payments
            timestamp: ts
            fields: {user_id: string, amount: double, merchant: string, country: string, ts: timestamp}
        entities:
          user:
            from: {payment: user_id}
            features:
              n_5m: payment | count() over 5m
              n_1h: payment | count() over 1h
              n_exact: payment | count() over 1h exact
              spend: payment | sum(amount) over 1d where amount > 10
              all: payment | count()
              burst: payment | count() over session 1m
              last: payment | last(country)
              by_country: payment | sum(amount) by country top 2 over 1d
              ratio: n_5m / max(n_1h, 1)
        """;

    private static readonly DefinitionSet Definitions = DefinitionFiles.Parse("test.yaml", Yaml).Set
        ?? throw new InvalidOperationException("The definitions of the test are wrong.");

    private readonly EntityPlan _plan = PlanCompiler.Compile(Definitions)[0];

    [Fact]
    public void Read_ManyEvents_EqualsNaiveCounts()
    {
        var random = new Random(7);
        var entity = new Entity(_plan);
        var scratch = new ApplyScratch(_plan);
        var reader = new EntityReader(_plan);
        var arena = new AnswerArena();
        FeatureSelection all = FeatureSelection.All(_plan);
        var events = new List<(long Time, double Amount, string Country)>();
        long now = 1_750_000_000_000;
        for (int i = 0; i < 3000; i++)
        {
            now += random.Next(0, 60_000);
            long time = now - (random.Next(10) == 0 ? random.Next(0, 4_000_000) : 0);
            events.Add((time, random.Next(0, 100), random.Next(3) == 0 ? "DE" : "FR"));
            Assert.NotEqual(ApplyOutcome.AlreadyApplied, entity.Apply(Record(events[i], i), scratch));
            if (i % 50 == 0)
            {
                long newest = events.Max(e => e.Time);
                long head = newest + random.Next(0, 100_000);
                Check(reader, entity, all, arena, events, head);
                entity = Restore(entity, scratch);
            }
        }
    }

    private static void Check(
        EntityReader reader,
        Entity entity,
        FeatureSelection all,
        AnswerArena arena,
        List<(long Time, double Amount, string Country)> events,
        long head)
    {
        int n = all.Names.Length;
        var values = new Value[n];
        var statuses = new FeatureStatus[n];
        reader.Read(entity, all, head, arena, new AnswerSlots(values, statuses, new long[n], new byte[n]));
        Value Of(string name) => values[all.Names.IndexOf(name)];
        long start5m = (head - 300_000 + 1) / 10_000 * 10_000, start1h = (head - 3_600_000 + 1) / 120_000 * 120_000;
        long start1d = (head - 86_400_000 + 1) / 3_600_000 * 3_600_000;
        Assert.Equal(events.Count(e => e.Time >= start5m), Of("n_5m").Int64);
        Assert.Equal(events.Count(e => e.Time >= start1h), Of("n_1h").Int64);
        Assert.Equal(events.Count(e => e.Time >= head - 3_600_000 + 1), Of("n_exact").Int64);
        Assert.Equal(events.Count, Of("all").Int64);
        Assert.Equal(events.Where(e => e.Time >= start1d && e.Amount > 10).Sum(e => e.Amount), Of("spend").ToDouble());
        (string, double)[] ranked =
        [
            .. events.Where(e => e.Time >= start1d).GroupBy(e => e.Country)
                .Select(g => (g.Key, g.Sum(e => e.Amount))).OrderByDescending(g => g.Item2),
        ];
        Assert.Equal(ranked.Length * 2, Of("by_country").Items.Length);
        Assert.Equal(ranked[0].Item2, Of("by_country").Items[1].Double);
        long[] times = [.. events.Select(e => e.Time).OrderDescending()];
        int session = 1;
        while (session < times.Length && times[session - 1] - times[session] <= 60_000)
        {
            session++;
        }

        Assert.Equal(head - times[0] > 60_000 ? 0 : session, Of("burst").Int64);
    }

    private Entity Restore(Entity entity, ApplyScratch scratch)
    {
        var writer = new SnapshotWriter();
        entity.Snapshot(writer, scratch);
        Entity restored = Entity.Restore(_plan, writer.Written);
        var again = new SnapshotWriter();
        restored.Snapshot(again, scratch);
        Assert.Equal(writer.Written.ToArray(), again.Written.ToArray());
        return restored;
    }

    private static EventRecord Record((long Time, double Amount, string Country) e, long offset)
    {
        var record = new EventRecord(8)
        {
            EventTimeMs = e.Time,
            LogTimeMs = e.Time,
            Position = new Position(0, offset),
        };
        record.Fields[0] = Value.Text("u1");
        record.Fields[1] = Value.Of(e.Amount);
        record.Fields[2] = Value.Text("m" + (offset % 7));
        record.Fields[3] = Value.Text(e.Country);
        record.Fields[4] = Value.Timestamp(e.Time);
        return record;
    }
}
