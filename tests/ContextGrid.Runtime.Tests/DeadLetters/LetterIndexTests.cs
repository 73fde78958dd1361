using ContextGrid.Runtime.DeadLetters;
using ContextGrid.Runtime.Ingestion;
using static ContextGrid.Runtime.Tests.DeadLetters.DeadLetterFixture;

namespace ContextGrid.Runtime.Tests.DeadLetters;

public sealed class LetterIndexTests
{
    [Fact]
    public void Slots_RandomAppendsSetsAndForgets_AgreeWithADictionary()
    {
        const int Max = 4096;
        var random = new Random(20);
        var slots = new LetterSlots(Max);
        var model = new SortedDictionary<long, (LetterState State, long RefersTo)>();
        long next = 0;
        for (int i = 0; i < 20_000; i++)
        {
            next += random.Next(20) == 0 ? random.Next(100) : 0;
            var state = (LetterState)random.Next(1, 6);
            slots.Append(next, state, i);
            model[next++] = (state, i);
            long any = model.Keys.ElementAt(0) + random.Next(50);
            if (model.ContainsKey(any))
            {
                slots.Set(any, LetterState.Retried, i);
                model[any] = (LetterState.Retried, i);
            }

            long first = Math.Max(slots.First, random.Next(100) == 0 ? next - random.Next(Max) : 0);
            slots.ForgetBefore(first);
            while (model.Count > 0 && model.Keys.First() < slots.First)
            {
                model.Remove(model.Keys.First());
            }
        }

        Assert.InRange(slots.Next - slots.First, 1, Max);
        Assert.All(model, m => Assert.Equal(m.Value, (slots.StateOf(m.Key), slots.RefersTo(m.Key))));
        foreach (LetterState state in Enum.GetValues<LetterState>().Where(s => s != LetterState.None))
        {
            Assert.Equal(model.Values.Count(m => m.State == state), slots.Count(state));
        }
    }

    [Fact]
    public void Sources_OutOfOrderAndTrimmed_FindWhatIsKept()
    {
        var sources = new LetterSources();
        var partition = new TopicPartition("payments", 0);
        foreach (long offset in (long[])[5, 9, 7, 1])
        {
            sources.Set(partition, offset, offset * 10, isDecided: offset == 1);
        }

        sources.Trim(60, withDecided: false);
        Assert.Equal(3, sources.Count);
        Assert.False(sources.TryFind(partition, 5, out _, out _));
        Assert.True(sources.TryFind(partition, 1, out long letter, out bool isDecided));
        Assert.Equal((10, true), (letter, isDecided));
        sources.Trim(60, withDecided: true);
        Assert.False(sources.TryFind(partition, 1, out _, out _));
        Assert.False(sources.TryFind(new TopicPartition("x", 0), 7, out _, out _));
    }

    [Fact]
    public async Task CatchUp_MoreRecordsThanAreHeld_ForgetsTheOldestAndSaysSo()
    {
        await using var fixture = new DeadLetterFixture();
        await fixture.WriteAsync(Enumerable.Range(0, 100).Select(i => Letter(i)));
        var index = new LetterIndex(fixture.Log, recordsMax: 16);
        await index.CatchUpAsync(default);
        Assert.Equal((84, 100, 84), (index.Slots.First, index.Slots.Next, index.Untracked));
        Assert.Equal(16, index.Slots.Count(LetterState.Open));
        Assert.Equal(LetterState.None, index.Slots.StateOf(83));
    }

    [Fact]
    public async Task CatchUp_ALetterIsGoneButItsMarkIsNot_TheSameRecordIsStillDecided()
    {
        await using var fixture = new DeadLetterFixture();
        long[] ids = await fixture.WriteAsync(Letter(7));
        DeadLetterService service = fixture.NewService();
        await DeadLetterServiceTests.RetryAsync(service, ids[0], Good);
        await fixture.WriteAsync(Enumerable.Range(100, 14).Select(i => Letter(i)));
        long[] again = await fixture.WriteAsync(Letter(7));
        var index = new LetterIndex(fixture.Log, recordsMax: 16);
        await index.CatchUpAsync(default);
        Assert.Equal(LetterState.None, index.Slots.StateOf(ids[0]));
        Assert.Equal(LetterState.Same, index.Slots.StateOf(again[0]));
    }
}
