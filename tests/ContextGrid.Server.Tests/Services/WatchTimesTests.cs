using ContextGrid.Server.Services;

namespace ContextGrid.Server.Tests.Services;

public sealed class WatchTimesTests
{
    [Fact]
    public void TakeDue_RandomTimes_TakesEachEntityOnceAtItsNewestTime()
    {
        const int Count = 50;
        int seed = Environment.TickCount;
        var random = new Random(seed);
        var times = new WatchTimes(Count);
        long[] right = new long[Count];
        Array.Fill(right, long.MaxValue);
        for (long now = 0; now < 5_000; now++)
        {
            int index = random.Next(Count);
            right[index] = random.Next(10) == 0 ? long.MaxValue : now + random.Next(1, 200);
            times.Set(index, right[index]);
            Assert.True(times.EarliestMs == right.Min(), $"seed {seed}");
            if (now % 7 == 0)
            {
                var due = new List<int>();
                times.TakeDue(now, due);
                Assert.True(
                    Enumerable.Range(0, Count).Where(i => right[i] <= now).SequenceEqual(due.Order()), $"seed {seed}");
                due.ForEach(i => right[i] = long.MaxValue);
            }
        }
    }
}
