using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Tests.Features.Accumulators;

/// <summary>Every aggregate against a naive model over the list of rows.</summary>
public sealed class AggregateModelTests
{
    private const int Seeds = 150;

    private static readonly ValueKind[] Kinds =
        [ValueKind.Int64, ValueKind.Double, ValueKind.Timestamp, ValueKind.String];

    [Fact]
    public void Compute_WithoutRows_IsTheDocumentedEmptyValue()
    {
        foreach (AggregateKind kind in Enum.GetValues<AggregateKind>())
        {
            string expected = kind switch
            {
                AggregateKind.Count or AggregateKind.Distinct or AggregateKind.DistinctExact => "0",
                AggregateKind.Rate => "0",
                _ => "null",
            };
            var call = new AggregateCall(kind, null, null, 3, 0.5, 1000, [1, 2]);
            Assert.Equal(expected, Compute(call, [], ValueKind.Double, new(5, 1000, long.MinValue, ValueKind.Double)));
        }
    }

    [Fact]
    public void Compute_OrderedKinds_EqualTheModel() => ForRandomRows((kind, rows, n, why) =>
    {
        TestRow[] byTime = [.. rows.Where(Has0).OrderBy(row => row.TimeMs).ThenBy(row => row.Position)];
        Value[] values = [.. rows.Where(Has0).Select(row => row.Columns[0]).OrderBy(v => v, Comparer)];
        Value[] times = [.. byTime.Select(row => row.Columns[0])];
        Check(AggregateKind.Count, kind, rows, n, $"{times.Length}", why);
        Check(AggregateKind.Min, kind, rows, n, Text(values.Take(1)), why);
        Check(AggregateKind.Max, kind, rows, n, Text(values.TakeLast(1)), why);
        Check(AggregateKind.First, kind, rows, n, Text(times.Take(1)), why);
        Check(AggregateKind.Last, kind, rows, n, Text(times.TakeLast(1)), why);
        Check(AggregateKind.FirstN, kind, rows, n, List(times.Take(n)), why);
        Check(AggregateKind.LastN, kind, rows, n, List(times.Reverse().Take(n)), why);
        Check(AggregateKind.BottomK, kind, rows, n, List(values.Take(n)), why);
        Check(AggregateKind.TopK, kind, rows, n, List(values.Reverse().Take(n)), why);
        string[] different = [.. times.Reverse().Select(v => v.ToString()).Distinct()];
        Check(AggregateKind.UniqueList, kind, rows, n, List(different.Take(n)), why);
        Check(AggregateKind.DistinctExact, kind, rows, n, $"{different.Length}", why);
        var frequent = values.GroupBy(v => v.ToString())
            .OrderByDescending(g => g.Count()).ThenBy(g => g.First(), Comparer);
        Check(AggregateKind.MostFrequent, kind, rows, n, List(frequent.Take(n).Select(g => g.Key)), why);
        TestRow[] both = [.. byTime.Where(row => !row.Columns[1].IsNull)];
        var minBy = both.Reverse().OrderBy(row => row.Columns[1].Int64).Select(row => row.Columns[0]);
        Check(AggregateKind.MinBy, kind, rows, n, Text(minBy.Take(1)), why);
        var maxBy = both.OrderBy(row => row.Columns[1].Int64).Select(row => row.Columns[0]);
        Check(AggregateKind.MaxBy, kind, rows, n, Text(maxBy.TakeLast(1)), why);
    });

    [Fact]
    public void Quantile_RandomRows_IsWithinOnePercent() => ForRandomRows((kind, rows, n, why) =>
    {
        double[] sorted = [.. rows.Where(Has0).Select(row => row.Columns[0].ToDouble()).Order()];
        bool numeric = kind is ValueKind.Int64 or ValueKind.Double;
        foreach (double q in numeric && sorted.Length > 0 ? (double[])[0, 0.1, 0.5, 0.95, 0.99, 1] : [])
        {
            var call = new AggregateCall(AggregateKind.Quantile, null, null, 0, q, 0, []);
            Accumulator cell = Cells(call, rows, kind)[0];
            int rank = Math.Max(1, (int)Math.Ceiling((decimal)q * sorted.Length));
            double expected = sorted[rank - 1];
            double actual = ((QuantileAccumulator)cell).Quantile(q).Double;
            bool isExact = sorted.Length <= 128 || rank == 1 || rank == sorted.Length;
            Assert.Equal(!isExact, AggregateResult.IsApproximate(call, [cell]));

            // Subnormal numbers are a whole number of the smallest one, and may collapse beside huge ones.
            double[] sizes = [.. sorted.Select(Math.Abs).Where(x => x > 0)];
            bool isWide = sizes.Length > 0 && sizes.Max() / sizes.Min() > 1e17;
            bool close = Math.Abs(actual - expected) <= 0.01 * Math.Abs(expected) + double.Epsilon;
            Assert.True(isExact ? actual == expected : close || isWide, $"{why}: {q}: {actual:R} for {expected:R}");
            Assert.InRange(actual, sorted[0], sorted[^1]);
        }
    });

    [Fact]
    public void QuantileBuckets_RandomNumbers_AreMonotonicAndWithinOnePercent()
    {
        var random = new Random(1);
        for (int i = 0; i < 200_000; i++)
        {
            double x = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (!double.IsFinite(x))
            {
                continue;
            }

            double y = x * (1 + random.NextDouble() * 0.03);
            double value = QuantileBuckets.ValueOf(QuantileBuckets.KeyOf(x));
            Assert.True(Math.Abs(value - x) <= 0.01 * Math.Abs(x) + double.Epsilon, $"{x:R} gave {value:R}");
            Assert.True(!double.IsFinite(y) || Math.Sign(y.CompareTo(x))
                * (QuantileBuckets.KeyOf(y) - QuantileBuckets.KeyOf(x)) >= 0, $"{x:R} {y:R}");
        }

        Assert.True(double.IsFinite(QuantileBuckets.ValueOf(QuantileBuckets.KeyOf(double.MaxValue))));
        Assert.True(QuantileBuckets.KeyOf(double.Epsilon) > 0);
        Assert.True(QuantileBuckets.KeyOf(double.MaxValue) < QuantileBuckets.KeyMax);
    }

    [Theory]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(1_000)]
    [InlineData(10_000)]
    [InlineData(200_000)]
    public void Distinct_ManyValues_IsWithinFourStandardErrors(int different)
    {
        var cell = (DistinctAccumulator)AccumulatorFactory.Create(new(AccumulatorKind.Distinct, 0, ValueKind.Int64));
        for (long i = 0; i < different; i++)
        {
            cell.Add(new EventRow(0, default, [Value.Of(i * 7919)]));
        }

        double bound = different <= 128 ? 0 : 4 * 1.04 / 64 * different;
        Assert.InRange(cell.Count, different - bound, different + bound);
    }

    [Fact]
    public void Distinct_WholeDoublesAndIntegers_HashAlike()
    {
        Assert.Equal(ValueHash.Of(Value.Of(42L)), ValueHash.Of(Value.Of(42.0)));
        Assert.NotEqual(ValueHash.Of(Value.Of(42L)), ValueHash.Of(Value.Of(42.5)));
    }

    [Fact]
    public void DistinctExact_BeyondTheCap_IsApproximate()
    {
        var cell = (DistinctExactAccumulator)AccumulatorFactory.Create(
            new(AccumulatorKind.DistinctExact, 0, ValueKind.Int64));
        for (long i = 0; i <= 65_536; i++)
        {
            Assert.False(cell.IsApproximate);
            cell.Add(new EventRow(0, default, [Value.Of(i)]));
        }

        Assert.True(cell.IsApproximate);
        Assert.InRange(cell.Count, 65_537 * 0.98, 65_537 * 1.02);
    }

    [Fact]
    public void MostFrequent_BeyondTheCap_IsApproximateAndKeepsTheHeavy()
    {
        var spec = new AccumulatorSpec(AccumulatorKind.Frequent, 0, ValueKind.Int64);
        var cell = (FrequentAccumulator)AccumulatorFactory.Create(spec);
        for (long i = 0; i < 3_000; i++)
        {
            cell.Add(new EventRow(0, new Position(0, i), [Value.Of(i % 4 == 0 ? 77 : 1_000 + i)]));
        }

        Assert.True(cell.IsApproximate);
        Assert.Equal("[77]", cell.MostFrequent(1, new ResultArena()).ToString());
    }

    [Fact]
    public void Histogram_ValuesOnEdges_BelongAbove()
    {
        var call = new AggregateCall(AggregateKind.Histogram, null, null, 0, 0, 0, [0, 10]);
        TestRow[] rows = TestRows.Of(-1.0, 0.0, 5.0, 9.99, 10.0, 11.0, 1e300);
        Assert.Equal("[1, 3, 3]", Compute(call, rows, ValueKind.Double, default));
    }

    [Fact]
    public void Ewma_RandomRows_EqualsTheDefinition()
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            long start = random.Next(2) == 0 ? 1_700_000_000_000 : -5_000;
            TestRow[] rows =
            [
                .. Enumerable.Range(0, random.Next(1, 50)).Select(i => new TestRow(
                    start + random.Next(100_000), new Position(0, i), [Value.Of(random.NextDouble() * 100), default])),
            ];
            double newest = rows.Max(row => row.TimeMs);
            double[] weights = [.. rows.Select(row => Math.Pow(2, (row.TimeMs - newest) / 3_333))];
            double expected = rows.Zip(weights, (row, w) => w * row.Columns[0].Double).Sum() / weights.Sum();
            var call = new AggregateCall(AggregateKind.Ewma, null, null, 0, 0, 3_333, []);
            double actual = ((DecayedMeanAccumulator)Cells(call, rows, ValueKind.Double)[0]).Mean.Double;
            Assert.True(Math.Abs(actual - expected) <= 1e-13 * Math.Abs(expected), $"seed {seed}");
        }
    }

    [Fact]
    public void Compute_DeltaRateSinceLast_FollowTheirDefinitions()
    {
        TestRow[] rows = TestRows.Of(Value.Of(5L), Value.Of(2L), Value.Of(9L));
        var context = new ResultContext(61_002, 60_000, 1_002, ValueKind.Int64);
        Assert.Equal("4", Compute(Call(AggregateKind.Delta, 0), rows, ValueKind.Int64, context));
        Assert.Equal("60", Compute(Call(AggregateKind.SinceLast, 0), rows, ValueKind.Int64, context));
        Assert.Equal("0.05", Compute(Call(AggregateKind.Rate, 0), rows, ValueKind.Int64, context));
        rows = TestRows.Of(Value.Of(long.MinValue), Value.Of(long.MaxValue));
        Assert.Equal("null", Compute(Call(AggregateKind.Delta, 0), rows, ValueKind.Int64, context));
    }

    [Fact]
    public void Compute_Warm_AllocatesNothing()
    {
        TestRow[] rows = TestRows.Random(new Random(5), ValueKind.Double, 300, 100);
        var arena = new ResultArena();
        foreach (AggregateKind kind in Enum.GetValues<AggregateKind>())
        {
            AggregateCall call = Call(kind, 20);
            Accumulator[] cells = Cells(call, rows, ValueKind.Double);
            long allocated = long.MaxValue;
            for (int round = 0; round < 5; round++)
            {
                arena.Reset();
                long before = GC.GetAllocatedBytesForCurrentThread();
                AggregateResult.Compute(call, cells, new ResultContext(9, 1000, 1, ValueKind.Double), arena);
                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            }

            Assert.True(allocated == 0, $"{kind} allocated {allocated}");
        }
    }

    private static Comparer<Value> Comparer { get; } = Comparer<Value>.Create((a, b) => a.Kind switch
    {
        ValueKind.String => a.Utf8.SequenceCompareTo(b.Utf8),
        ValueKind.Double => a.Double.CompareTo(b.Double),
        _ => a.Int64.CompareTo(b.Int64),
    });

    private static bool Has0(TestRow row) => !row.Columns[0].IsNull;

    private static string Text(IEnumerable<Value> values) => values.FirstOrDefault().ToString();

    private static string List<T>(IEnumerable<T> values) =>
        values.Any() ? "[" + string.Join(", ", values.Select(v => v?.ToString())) + "]" : "null";

    private static void ForRandomRows(Action<ValueKind, TestRow[], int, string> check)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            ValueKind kind = Kinds[random.Next(Kinds.Length)];
            TestRow[] rows = TestRows.Random(random, kind, random.Next(1, 300), random.Next(1, 200));
            random.Shuffle(rows);
            check(kind, rows, random.Next(1, 20), $"seed {seed}");
        }
    }

    private static void Check(AggregateKind kind, ValueKind input, TestRow[] rows, int n, string expected, string why)
    {
        string actual = Compute(Call(kind, n), rows, input, default);
        Assert.True(expected == actual, $"{kind}, {why}: {actual} is not {expected}");
    }

    private static AggregateCall Call(AggregateKind kind, int n) => new(kind, null, null, n, 0.5, 1000, [1, 2]);

    private static string Compute(AggregateCall call, TestRow[] rows, ValueKind input, ResultContext context) =>
        AggregateResult.Compute(call, Cells(call, rows, input), context, new ResultArena()).ToString();

    private static Accumulator[] Cells(AggregateCall call, TestRow[] rows, ValueKind input) =>
        [.. AggregateState.Required(call, 0, input, 1).Select(spec => TestRows.Filled(spec, rows))];
}
