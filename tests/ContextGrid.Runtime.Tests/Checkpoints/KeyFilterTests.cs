using System.Globalization;
using System.Text;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Runtime.Tests.Checkpoints;

/// <summary>The filter never hides a key, and lets few others through.</summary>
public sealed class KeyFilterTests
{
    private const int Seed = 20;
    private const int Asked = 200_000;

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(129)]
    [InlineData(100_000)]
    public void MayHave_RandomHashes_HidesNoneAndPassesLessThanOneInAHundred(int keys) =>
        Check(Hashes(new Random(Seed), keys, mask: ulong.MaxValue), mask: ulong.MaxValue);

    /// <summary>A large checkpoint is cut into segments by hash: those of one share their high bits.</summary>
    [Fact]
    public void MayHave_HashesThatShareTheirHighBits_HidesNoneAndPassesLessThanOneInAHundred() =>
        Check(Hashes(new Random(Seed), 50_000, mask: ulong.MaxValue >> 12), mask: ulong.MaxValue >> 12);

    [Fact]
    public void MayHave_HashesOfKeysThatCount_HidesNoneAndPassesLessThanOneInAHundred()
    {
        var filter = new KeyFilter(50_000);
        for (int i = 0; i < 50_000; i++)
        {
            filter.Add(HashOf(i));
        }

        Assert.All(Enumerable.Range(0, 50_000), i => Assert.True(filter.MayHave(HashOf(i))));
        int passed = Enumerable.Range(50_000, Asked).Count(i => filter.MayHave(HashOf(i)));
        Assert.InRange(passed, 0, Asked / 100);
    }

    [Fact]
    public void MayHave_NothingWasAdded_PassesNothing()
    {
        var filter = new KeyFilter(0);
        Assert.DoesNotContain(Hashes(new Random(Seed), 100, ulong.MaxValue), filter.MayHave);
        Assert.Equal(32, filter.Bytes);
    }

    private static void Check(HashSet<ulong> added, ulong mask)
    {
        var filter = new KeyFilter(added.Count);
        foreach (ulong hash in added)
        {
            filter.Add(hash);
        }

        Assert.All(added, hash => Assert.True(filter.MayHave(hash), $"seed {Seed}: {hash:x16} is hidden"));
        HashSet<ulong> others = Hashes(new Random(Seed + 1), Asked, mask);
        others.ExceptWith(added);
        int passed = others.Count(filter.MayHave);
        Assert.True(passed < others.Count / 100, $"seed {Seed}: {passed} of {others.Count} pass");
        Assert.InRange(filter.Bytes, 2L * added.Count, (2L * added.Count) + 32);
    }

    private static ulong HashOf(int number) =>
        StableHash.Of(Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)));

    private static HashSet<ulong> Hashes(Random random, int count, ulong mask)
    {
        var hashes = new HashSet<ulong>();
        while (hashes.Count < count)
        {
            hashes.Add((ulong)random.NextInt64(long.MinValue, long.MaxValue) & mask);
        }

        return hashes;
    }
}
