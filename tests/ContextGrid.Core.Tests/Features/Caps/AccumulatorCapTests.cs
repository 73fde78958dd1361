using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;
using ContextGrid.Core.Tests.Features.Accumulators;

namespace ContextGrid.Core.Tests.Features.Caps;

/// <summary>
/// Beyond every cap of every aggregate the state and the answer are a function of the set of rows: rows are shuffled,
/// split and merged in any order, and bytes and values stay. A failure names the seed.
/// </summary>
public sealed class AccumulatorCapTests
{
    private const int Seeds = 6;

    /// <summary>An aggregate, its input, and how many rows and different values go beyond its cap.</summary>
    public static TheoryData<AggregateKind, ValueKind, int, int> Cases
    {
        get
        {
            var cases = new TheoryData<AggregateKind, ValueKind, int, int>();
            foreach (AggregateKind kind in Enum.GetValues<AggregateKind>())
            {
                bool isNumeric = kind is AggregateKind.Sum or AggregateKind.Avg or AggregateKind.Variance
                    or AggregateKind.Stddev or AggregateKind.Skew or AggregateKind.Kurtosis or AggregateKind.Rate
                    or AggregateKind.Quantile or AggregateKind.Histogram or AggregateKind.Ewma or AggregateKind.Delta;
                int rows = kind == AggregateKind.DistinctExact ? 140_000 : 4_000;
                foreach (ValueKind input in (ValueKind[])[ValueKind.Int64, ValueKind.Double, ValueKind.String])
                {
                    if (kind != AggregateKind.SinceLast && (!isNumeric || input != ValueKind.String))
                    {
                        cases.Add(kind, input, rows, rows * 2);
                    }
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AddAndMerge_BeyondTheCapInAnyOrder_GiveEqualBytesAndAnswers(
        AggregateKind kind, ValueKind input, int count, int variety)
    {
        var call = new AggregateCall(kind, null, null, 20, 0.9, 7_000, [1, 2]);
        int seeds = count > 10_000 ? 1 : Seeds;
        for (int seed = 0; seed < seeds; seed++)
        {
            var random = new Random(seed);
            TestRow[] rows = Skewed(random, input, count, variety);
            foreach (AccumulatorSpec spec in AggregateState.Required(call, 0, input, 1))
            {
                Accumulator straight = TestRows.Filled(spec, rows);
                byte[] expected = TestRows.Bytes(straight);
                string answer = Answer(call, rows, input);
                random.Shuffle(rows);
                Accumulator merged = Merged(spec, rows, random);
                Assert.True(expected.AsSpan().SequenceEqual(TestRows.Bytes(merged)), $"seed {seed}: {spec.Kind}");
                Assert.Equal(straight.IsApproximate, merged.IsApproximate);
                Assert.True(answer == Answer(call, rows, input), $"seed {seed}");
                Assert.True(expected.AsSpan().SequenceEqual(TestRows.Bytes(Restored(spec, expected))), $"seed {seed}");
            }
        }
    }

    [Theory]
    [InlineData(AggregateKind.Distinct, 4_000)]
    [InlineData(AggregateKind.DistinctExact, 150_000)]
    [InlineData(AggregateKind.Quantile, 4_000)]
    [InlineData(AggregateKind.MostFrequent, 4_000)]
    public void IsApproximate_BeyondTheCap_IsTrue(AggregateKind kind, int count)
    {
        var call = new AggregateCall(kind, null, null, 20, 0.9, 0, []);
        TestRow[] rows = Skewed(new Random(1), ValueKind.Int64, count, count * 2);
        Accumulator[] cells = [.. AggregateState.Required(call, 0, ValueKind.Int64, 1)
            .Select(spec => TestRows.Filled(spec, rows))];
        Assert.True(AggregateResult.IsApproximate(call, cells));
    }

    [Fact]
    public void DistinctExact_BeyondTheCap_IsWithinTwoPercent()
    {
        foreach (int different in (int[])[70_000, 300_000])
        {
            var cell = (DistinctExactAccumulator)AccumulatorFactory.Create(
                new(AccumulatorKind.DistinctExact, 0, ValueKind.Int64));
            for (long i = 0; i < different; i++)
            {
                cell.Add(new EventRow(0, new Position(0, i), [Value.Of(i)]));
            }

            // Five standard errors of 1/256.
            Assert.InRange(cell.Count, different * 0.98, different * 1.02);
        }
    }

    [Fact]
    public void MostFrequent_BeyondTheCap_RanksWithinTheStatedBound()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            TestRow[] rows = Skewed(random, ValueKind.Int64, 20_000, 40_000);
            var spec = new AccumulatorSpec(AccumulatorKind.Frequent, 0, ValueKind.Int64);
            var cell = (FrequentAccumulator)TestRows.Filled(spec, rows);
            Dictionary<long, int> counts = rows.Where(r => !r.Columns[0].IsNull)
                .CountBy(r => r.Columns[0].Int64).ToDictionary();
            int[] ranked = [.. counts.Values.OrderDescending()];
            Value answer = cell.MostFrequent(10, new ResultArena());
            for (int i = 0; i < 10; i++)
            {
                int found = counts[answer.Items[i].Int64];
                bool isNear = found >= ranked[i] - (rows.Length / 256);
                Assert.True(isNear, $"seed {seed}: place {i} has {found} of {ranked[i]}");
            }
        }
    }

    private static Accumulator Merged(AccumulatorSpec spec, TestRow[] rows, Random random)
    {
        Accumulator[] parts = [.. Enumerable.Range(0, random.Next(2, 9)).Select(_ => AccumulatorFactory.Create(spec))];
        foreach (TestRow row in rows)
        {
            // Uneven parts: some stay below the cap.
            row.AddTo(parts[(int)(Math.Pow(random.NextDouble(), 3) * parts.Length)]);
        }

        random.Shuffle(parts);
        Accumulator merged = AccumulatorFactory.Create(spec);
        Array.ForEach(parts, merged.Merge);
        return merged;
    }

    private static Accumulator Restored(AccumulatorSpec spec, byte[] bytes)
    {
        Accumulator restored = AccumulatorFactory.Create(spec);
        var reader = new SnapshotReader(bytes);
        restored.Read(ref reader);
        return restored;
    }

    private static string Answer(AggregateCall call, TestRow[] rows, ValueKind input)
    {
        Accumulator[] cells = [.. AggregateState.Required(call, 0, input, 1).Select(s => TestRows.Filled(s, rows))];
        var context = new ResultContext(9, 1_000, 1, input);
        return AggregateResult.Compute(call, cells, context, new ResultArena()).ToString();
    }

    // A Zipf-like stream: a few values are frequent, most occur once.
    private static TestRow[] Skewed(Random random, ValueKind kind, int count, int variety) =>
    [
        .. Enumerable.Range(0, count).Select(i => new TestRow(
            1_700_000_000_000 + random.Next(count),
            new Position(random.Next(3), i),
            [
                random.Next(20) == 0 ? Value.Null : Of(kind, (long)Math.Pow(variety, random.NextDouble()), random),
                Value.Of((long)random.Next(5)),
            ])),
    ];

    private static Value Of(ValueKind kind, long number, Random random)
    {
        // Half of the numbers are spread, so that there are more different ones than any cap.
        number = random.Next(2) == 0 ? number : random.NextInt64(1L << 40);
        return kind switch
        {
            ValueKind.String => Value.Text($"value {number}"),
            ValueKind.Double =>
                Value.Of((random.Next(9) == 0 ? -1 : 1) * number * Math.ScaleB(1, random.Next(-300, 300))),
            _ => Value.Of(number),
        };
    }
}
