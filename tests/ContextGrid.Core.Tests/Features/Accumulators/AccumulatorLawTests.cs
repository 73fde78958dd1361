using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Tests.Features.Accumulators;

/// <summary>What holds for every accumulator. A failure names the seed, which is the whole input of the case.</summary>
public sealed class AccumulatorLawTests
{
    private const int Seeds = 30;

    public static TheoryData<string> Specs => [.. AllSpecs.Keys];

    private static Dictionary<string, AccumulatorSpec> AllSpecs { get; } = MakeSpecs().ToDictionary(
        spec => $"{spec.Kind} {spec.InputKind} {spec.N}");

    [Theory]
    [MemberData(nameof(Specs))]
    public void Merge_AnySplitAndOrder_GivesEqualBytes(string name)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            TestRow[] rows = Rows(name, random);
            byte[] expected = TestRows.Bytes(TestRows.Filled(AllSpecs[name], rows));
            random.Shuffle(rows);
            Accumulator[] parts = Split(AllSpecs[name], rows, random);
            random.Shuffle(parts);
            Accumulator merged = AccumulatorFactory.Create(AllSpecs[name]);
            foreach (Accumulator part in parts)
            {
                byte[] before = TestRows.Bytes(part);
                merged.Merge(part);
                Assert.True(before.AsSpan().SequenceEqual(TestRows.Bytes(part)), $"seed {seed}");
            }

            Assert.True(expected.AsSpan().SequenceEqual(TestRows.Bytes(merged)), $"seed {seed}");
            Assert.True(!merged.IsApproximate || AllSpecs[name].Kind is AccumulatorKind.Quantile
                or AccumulatorKind.Distinct, $"seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void Read_WhatWriteWrote_WritesTheSame(string name)
    {
        Accumulator reused = AccumulatorFactory.Create(AllSpecs[name]);
        for (int seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            TestRow[] rows = Rows(name, random);
            Accumulator written = TestRows.Filled(AllSpecs[name], rows);
            byte[] bytes = TestRows.Bytes(written);
            var reader = new SnapshotReader(bytes);
            reused.Read(ref reader);
            Assert.Equal(0, reader.Remaining);
            Assert.True(bytes.AsSpan().SequenceEqual(TestRows.Bytes(reused)), $"seed {seed}");
            foreach (TestRow row in Rows(name, random))
            {
                row.AddTo(written);
                row.AddTo(reused);
            }

            Assert.True(TestRows.Bytes(written).AsSpan().SequenceEqual(TestRows.Bytes(reused)), $"seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void Clear_AfterRows_IsAsNew(string name)
    {
        byte[] empty = TestRows.Bytes(AccumulatorFactory.Create(AllSpecs[name]));
        Assert.True(empty.Length <= 3);
        for (int seed = 0; seed < Seeds; seed++)
        {
            TestRow[] rows = Rows(name, new Random(seed));
            Accumulator accumulator = TestRows.Filled(AllSpecs[name], rows);
            byte[] full = TestRows.Bytes(accumulator);
            accumulator.Clear();
            Assert.Equal(empty, TestRows.Bytes(accumulator));
            Assert.False(accumulator.IsApproximate);
            Array.ForEach(rows, row => row.AddTo(accumulator));
            Assert.True(full.AsSpan().SequenceEqual(TestRows.Bytes(accumulator)), $"seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void Read_DamagedBytes_IsRefusedOrHarmless(string name)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = TestRows.Bytes(TestRows.Filled(AllSpecs[name], Rows(name, random)));
            Accumulator accumulator = AccumulatorFactory.Create(AllSpecs[name]);
            Assert.Throws<SnapshotFormatException>(() => ReadFrom(accumulator, bytes[..random.Next(bytes.Length)]));
            for (int i = 0; i < 5; i++)
            {
                byte[] damaged = [.. bytes];
                damaged[random.Next(Math.Min(damaged.Length, 40))] = (byte)random.Next(256);
                long before = GC.GetAllocatedBytesForCurrentThread();
                ReadAndUse(accumulator, damaged, Rows(name, random));
                Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4_000_000, $"seed {seed}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void AddMergeClear_Warm_AllocateNothing(string name)
    {
        TestRow[] rows = Rows(name, new Random(3));
        Accumulator target = TestRows.Filled(AllSpecs[name], rows);
        Accumulator other = TestRows.Filled(AllSpecs[name], rows);
        long allocated = long.MaxValue;
        for (int round = 0; round < 15; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            target.Clear();
            foreach (TestRow row in rows)
            {
                row.AddTo(target);
            }

            target.Merge(other);
            target.Clear();
            target.Merge(other);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    private static void ReadFrom(Accumulator accumulator, byte[] bytes)
    {
        var reader = new SnapshotReader(bytes);
        accumulator.Read(ref reader);
    }

    private static void ReadAndUse(Accumulator accumulator, byte[] bytes, TestRow[] rows)
    {
        try
        {
            ReadFrom(accumulator, bytes);
        }
        catch (SnapshotFormatException)
        {
            return;
        }

        Array.ForEach(rows, row => row.AddTo(accumulator));
        TestRows.Bytes(accumulator);
    }

    private static Accumulator[] Split(AccumulatorSpec spec, TestRow[] rows, Random random)
    {
        Accumulator[] parts = [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => AccumulatorFactory.Create(spec))];
        foreach (TestRow row in rows)
        {
            row.AddTo(parts[random.Next(parts.Length)]);
        }

        return parts;
    }

    private static TestRow[] Rows(string name, Random random) =>
        TestRows.Random(random, AllSpecs[name].InputKind, random.Next(1, 400), random.Next(1, 250));

    private static IEnumerable<AccumulatorSpec> MakeSpecs()
    {
        ValueKind[] numbers = [ValueKind.Int64, ValueKind.Double];
        ValueKind[] ordered = [.. numbers, ValueKind.Timestamp, ValueKind.String];
        ValueKind[] all = [.. ordered, ValueKind.Bool];
        AccumulatorKind[] ranked = [AccumulatorKind.Largest, AccumulatorKind.Smallest];
        AccumulatorKind[] ends = [AccumulatorKind.Earliest, AccumulatorKind.Latest];
        AccumulatorKind[] anyKind =
        [
            AccumulatorKind.Distinct, AccumulatorKind.DistinctExact, AccumulatorKind.Frequent, AccumulatorKind.Count,
        ];
        return
        [
            new AccumulatorSpec(AccumulatorKind.Count, -1, ValueKind.Null),
            .. from kind in numbers from n in (int[])[1, 2, 3, 4]
               select new AccumulatorSpec(AccumulatorKind.PowerSum, 0, kind, N: n),
            .. from kind in ordered from extreme in (AccumulatorKind[])[AccumulatorKind.Min, AccumulatorKind.Max]
               select new AccumulatorSpec(extreme, 0, kind),
            .. from kind in all from end in ends from n in (int[])[1, 2, 20]
               select new AccumulatorSpec(end, 0, kind, N: n),
            .. from kind in all from choice in (AccumulatorKind[])[AccumulatorKind.MinBy, AccumulatorKind.MaxBy]
               select new AccumulatorSpec(choice, 0, kind, OrderColumn: 1),
            .. from kind in all from one in anyKind select new AccumulatorSpec(one, 0, kind),
            .. from kind in numbers select new AccumulatorSpec(AccumulatorKind.Quantile, 0, kind),
            .. from kind in numbers
               select new AccumulatorSpec(AccumulatorKind.Histogram, 0, kind, EdgesText: "-5,0,0.5,1E+300"),
            .. from kind in ordered from rank in ranked from n in (int[])[1, 10]
               select new AccumulatorSpec(rank, 0, kind, N: n),
            .. from kind in numbers
               select new AccumulatorSpec(AccumulatorKind.DecayedMean, 0, kind, HalfLifeMs: 7000),
            .. from kind in all from n in (int[])[1, 10]
               select new AccumulatorSpec(AccumulatorKind.RecentUnique, 0, kind, N: n),
        ];
    }
}
