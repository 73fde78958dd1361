using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Core.Tests.Entities;

/// <summary>
/// What settling keeps, against a naive reading of the rule in docs/decisions/0004-sparse-and-dense-tiles.md: a tile
/// of the newest two is dense with more than 32 events, an older one with more than 8, and a row stays while some
/// group's window reaches it and its tile is sparse there.
/// </summary>
public sealed class SparseRowsTests
{
    private const long TileMs = 10_000; // A window of 5 minutes has tiles of 10 s.
    private const long LongTileMs = 120_000; // One of an hour has tiles of 2 min.

    private static readonly DefinitionSet Definitions = DefinitionFiles.Parse("test.yaml", """
        version: 1
        events:
          payment: {topic: payments, timestamp: ts, fields: {user: string, amount: int64, ts: timestamp}}
        entities:
          user:
            from: {payment: user}
            features:
              n: payment | count() over 5m
              big: payment | sum(amount) over 1h where amount > 50
        """).Set ?? throw new InvalidOperationException("The definitions of the test are wrong.");

    private static readonly EntityPlan Plan = PlanCompiler.Compile(Definitions)[0];

    [Theory]
    [InlineData(32, 0, false)]
    [InlineData(33, 0, true)]
    [InlineData(32, 1, false)]
    [InlineData(33, 1, true)]
    [InlineData(8, 2, false)]
    [InlineData(9, 2, true)]
    public void Settle_TileWithSoManyEventsAtAnAge_IsDenseWhenTheyAreTooMany(int events, int age, bool isDense)
    {
        var model = new Model();
        long start = 1_750_000_000_000 / LongTileMs * LongTileMs;
        for (int i = 0; i < events; i++)
        {
            model.Add(start + i, amount: 1);
        }

        if (age > 0)
        {
            model.Add(start + (age * TileMs), amount: 1);
        }

        model.Settle();
        model.Check();
        Assert.Equal(isDense, model.State.TilesOf(model.GroupOf(TileMs).Index)?.Find(start / TileMs) is not null);
    }

    [Fact]
    public void Settle_RandomEvents_KeepsTheRowsThatSomeGroupNeeds()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var model = new Model();
            long now = 1_750_000_000_000;
            int stepMs = random.Next(10, 60_000);
            for (int i = 0; i < 400; i++)
            {
                now += random.Next(stepMs);
                model.Add(now - (random.Next(5) == 0 ? random.Next(3_000_000) : 0), random.Next(100));
                if (random.Next(30) == 0)
                {
                    model.Settle();
                    model.Check();
                }
            }
        }
    }

    /// <summary>One entity's state, and every event that it has seen.</summary>
    private sealed class Model
    {
        private readonly Entity _entity = new(Plan);
        private readonly ApplyScratch _scratch = new(Plan);
        private readonly EventRecord _record = new(3);
        private readonly List<(long TimeMs, int Amount)> _seen = [];

        // A tile that has been dense stays so until it expires, whatever its age.
        private readonly HashSet<(long TileMs, long Index)> _dense = [];

        internal EventState State => _entity.StateOf(0)!; // There was an event.

        internal GroupPlan GroupOf(long tileMs) => Plan.Events[0].Groups.Single(g => g.TileOf(tileMs) == 1
            && g.TileOf(tileMs - 1) == 0);

        internal void Add(long timeMs, int amount)
        {
            _record.EventTimeMs = _record.LogTimeMs = timeMs;
            _record.Position = new Position(0, _seen.Count);
            _record.Fields[0] = Value.Text("u1");
            _record.Fields[1] = Value.Of((long)amount);
            _record.Fields[2] = Value.Timestamp(timeMs);
            _entity.Apply(_record, _scratch);
            _seen.Add((timeMs, amount));
        }

        internal void Settle() => State.Settle(_entity.NewestMs, _scratch);

        internal void Check()
        {
            long newest = _seen.Max(e => e.TimeMs);
            Note(TileMs, newest, 300_000, _ => true);
            Note(LongTileMs, newest, 3_600_000, e => e.Amount > 50);
            IEnumerable<long> kept = _seen.Where(e => IsNeeded(e, newest)).Select(e => e.TimeMs).Order();
            var actual = new List<long>();
            for (int at = State.Rows.Start; at < State.Rows.End; at += State.Rows.RowAt(at).Length)
            {
                actual.Add(RowCodec.TimeMs(State.Rows.RowAt(at)));
            }

            Assert.Equal(kept, actual);
            Assert.Equal(actual.Count, State.Rows.Count);
        }

        private void Note(long tileMs, long newest, long windowMs, Func<(long TimeMs, int Amount), bool> matches)
        {
            long first = FirstTile(newest, tileMs, windowMs);
            GroupPlan group = GroupOf(tileMs);
            Assert.Equal(first, group.FirstTile(newest));
            foreach (var tile in _seen.Where(matches).GroupBy(e => e.TimeMs / tileMs).Where(t => t.Key >= first))
            {
                int most = tile.Key >= (newest / tileMs) - 1 ? 32 : 8;
                bool isDense = State.TilesOf(group.Index)?.Find(tile.Key) is not null;
                Assert.True(isDense || tile.Count() <= most, $"{tile.Count()} rows in a tile of {tileMs} ms");
                Assert.True(!isDense || tile.Count() > 8, $"a dense tile of {tile.Count()} events");
                if (isDense)
                {
                    _dense.Add((tileMs, tile.Key));
                }
            }
        }

        private bool IsNeeded((long TimeMs, int Amount) e, long newest) =>
            IsNeeded(e.TimeMs, newest, TileMs, 300_000)
            || (e.Amount > 50 && IsNeeded(e.TimeMs, newest, LongTileMs, 3_600_000));

        private bool IsNeeded(long timeMs, long newest, long tileMs, long windowMs) =>
            timeMs / tileMs >= FirstTile(newest, tileMs, windowMs) && !_dense.Contains((tileMs, timeMs / tileMs));

        private static long FirstTile(long newest, long tileMs, long windowMs) => (newest - windowMs + 1) / tileMs;
    }
}
