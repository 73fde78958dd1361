using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Tests.Ingestion;

public sealed class IdWindowTests
{
    [Fact]
    public void Check_SameIdWithinTheHorizon_IsADuplicateOrAConflict()
    {
        var ids = new IdWindow(horizonMs: 1000);
        Assert.Equal(IdVerdict.New, ids.Check(1, 10, 0));
        Assert.Equal(IdVerdict.Duplicate, ids.Check(1, 10, 1000));
        Assert.Equal(IdVerdict.Conflict, ids.Check(1, 11, 1000));
        Assert.Equal(IdVerdict.Duplicate, ids.Check(1, 10, 1500));
        Assert.Equal(IdVerdict.Duplicate, ids.Check(1, 11, 1500));
        Assert.Equal(IdVerdict.New, ids.Check(2, 10, 1500));
    }

    // A restart reads one horizon back: what was before must not matter for any verdict.
    [Fact]
    public void Check_WindowRebuiltFromOneHorizonBack_GivesTheSameVerdicts()
    {
        const int Seed = 11;
        const long HorizonMs = 100;
        var random = new Random(Seed);
        (ulong Id, ulong Content, long TimeMs)[] log = new (ulong, ulong, long)[500];
        for (int i = 0; i < log.Length; i++)
        {
            long before = i == 0 ? 0 : log[i - 1].TimeMs;
            log[i] = ((ulong)random.Next(1, 6), (ulong)random.Next(3), before + random.Next(0, 40));
        }

        var whole = new IdWindow(HorizonMs);
        for (int i = 0; i < log.Length; i++)
        {
            var rebuilt = new IdWindow(HorizonMs);
            foreach ((ulong id, ulong content, long timeMs) in log[..i]
                .Where(r => log[i].TimeMs - r.TimeMs <= HorizonMs))
            {
                rebuilt.Check(id, content, timeMs);
            }

            IdVerdict expected = whole.Check(log[i].Id, log[i].Content, log[i].TimeMs);
            Assert.Equal(expected, rebuilt.Check(log[i].Id, log[i].Content, log[i].TimeMs));
        }
    }

    [Fact]
    public void Check_AfterTheHorizon_IsNewAndForgotten()
    {
        var ids = new IdWindow(horizonMs: 1000);
        ids.Check(1, 10, 0);
        ids.Check(2, 20, 500);
        Assert.Equal(IdVerdict.New, ids.Check(1, 11, 1001));
        Assert.Equal(2, ids.Count);
        Assert.Equal(IdVerdict.New, ids.Check(3, 30, 9000));
        Assert.Equal(1, ids.Count);
    }

    [Fact]
    public void Check_MoreIdsThanTheBound_ForgetsTheOldestFirst()
    {
        var ids = new IdWindow(horizonMs: 1_000_000, idsMax: 3);
        for (ulong id = 1; id <= 5; id++)
        {
            ids.Check(id, id, 0);
        }

        Assert.Equal(3, ids.Count);
        Assert.Equal(IdVerdict.Duplicate, ids.Check(5, 5, 0));
        Assert.Equal(IdVerdict.New, ids.Check(1, 1, 0));
    }

    [Fact]
    public void Check_RandomIds_AgreesWithAListOfEverything()
    {
        const int Seed = 7;
        var random = new Random(Seed);
        var ids = new IdWindow(horizonMs: 100);
        var all = new List<(ulong Id, long TimeMs)>();
        long nowMs = 0;
        for (int i = 0; i < 20_000; i++)
        {
            nowMs += random.Next(0, 8);
            ulong id = (ulong)random.Next(1, 30);
            bool known = all.Exists(e => e.Id == id && nowMs - e.TimeMs <= 100);
            Assert.Equal(known, ids.Check(id, id, nowMs) != IdVerdict.New);
            all.RemoveAll(e => nowMs - e.TimeMs > 100);
            all.Add((id, nowMs));
        }

        Assert.InRange(ids.Count, 1, 30);
    }
}
