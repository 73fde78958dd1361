using System.Diagnostics;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>A ceiling of the machine: how fast memory is copied, and what a read of memory far away costs.</summary>
internal static class MemoryCeiling
{
    private const int CopiedBytes = 256 * 1024 * 1024;
    private const int ChainLength = 16 * 1024 * 1024;
    private const int Rounds = 7;

    internal static void Run()
    {
        byte[] from = new byte[CopiedBytes], to = new byte[CopiedBytes];
        Array.Fill(from, (byte)1);
        var rates = new double[Rounds];
        for (int i = 0; i < Rounds; i++)
        {
            long started = Stopwatch.GetTimestamp();
            from.CopyTo(to, 0);
            rates[i] = 2.0 * CopiedBytes / Stopwatch.GetElapsedTime(started).TotalSeconds / 1e9;
        }

        new Row("ceilings", "memory, copied by one core, read and written", "GB/s", Repeated.Median(rates)).Print();
        new Row("ceilings", "memory, one dependent read in 128 MB", "ns", ChaseNs()).Print();
    }

    // A permutation of one cycle (Sattolo), so that every read waits for the one before.
    private static double ChaseNs()
    {
        var next = new long[ChainLength];
        var random = new Random(1);
        for (int i = 0; i < next.Length; i++)
        {
            next[i] = i;
        }

        for (int i = next.Length - 1; i > 0; i--)
        {
            int j = random.Next(i);
            (next[i], next[j]) = (next[j], next[i]);
        }

        const int Steps = 5_000_000;
        long at = 0, started = Stopwatch.GetTimestamp();
        for (int i = 0; i < Steps; i++)
        {
            at = next[at];
        }

        double ns = Stopwatch.GetElapsedTime(started).TotalNanoseconds / Steps;
        return at < 0 ? 0 : ns;
    }
}
