using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Tests.Features.Plans;

/// <summary>The estimates against the runtime's heap; no other test runs at the same time.</summary>
[Collection(HeapCollection.Name)]
public sealed class AccumulatorBytesTests
{
    public static TheoryData<AccumulatorKind, ValueKind, int> Cases
    {
        get
        {
            var cases = new TheoryData<AccumulatorKind, ValueKind, int>();
            foreach (AccumulatorKind kind in Enum.GetValues<AccumulatorKind>())
            {
                ValueKind[] inputs = kind is AccumulatorKind.PowerSum or AccumulatorKind.Quantile
                    or AccumulatorKind.Histogram or AccumulatorKind.DecayedMean or AccumulatorKind.NewestTime
                    ? [ValueKind.Double]
                    : [ValueKind.Int64, ValueKind.String];
                foreach (ValueKind input in inputs)
                {
                    cases.Add(kind, input, 1);
                    cases.Add(kind, input, 100);
                    if (kind is AccumulatorKind.Distinct or AccumulatorKind.DistinctExact
                        or AccumulatorKind.Quantile or AccumulatorKind.Frequent)
                    {
                        cases.Add(kind, input, 3_000);
                    }
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_FilledAccumulator_IsWithinHalfOfWhatTheRuntimeMeasures(
        AccumulatorKind kind, ValueKind input, int values)
    {
        var spec = new AccumulatorSpec(
            kind, 0, input, OrderColumn: 1, N: kind == AccumulatorKind.PowerSum ? 1 : 20, HalfLifeMs: 60_000,
            EdgesText: kind == AccumulatorKind.Histogram ? "1,2,3,4,5" : "");
        TestedRow[] rows = [.. Enumerable.Range(0, values).Select(i => new TestedRow(i, input))];
        Fill(spec, rows);
        // The runtime's own objects come and go on the heap: the median of a few measures is without them.
        long measured = Enumerable.Range(0, 5).Select(_ => Measure(spec, rows)).Order().ElementAt(2);
        Assert.InRange(AccumulatorBytes.Of(spec, values), measured / 2, measured * 3 / 2);
    }

    [Fact]
    public void Of_UnboundedValues_IsFiniteForEveryKind()
    {
        foreach (AccumulatorKind kind in Enum.GetValues<AccumulatorKind>())
        {
            var spec = new AccumulatorSpec(kind, 0, ValueKind.Int64, OrderColumn: 1, N: 4);
            Assert.InRange(AccumulatorBytes.Of(spec, long.MaxValue), 16, 2 << 20);
        }
    }

    private static long Measure(AccumulatorSpec spec, TestedRow[] rows)
    {
        // Enough copies that what else is on the heap does not matter.
        int copies = rows.Length < 1_000 ? 2_000 : 40;
        var kept = new Accumulator[copies];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < copies; i++)
        {
            kept[i] = Fill(spec, rows);
        }

        long after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(kept);
        return (after - before) / copies;
    }

    private static Accumulator Fill(AccumulatorSpec spec, TestedRow[] rows)
    {
        Accumulator accumulator = AccumulatorFactory.Create(spec);
        foreach (TestedRow row in rows)
        {
            accumulator.Add(new EventRow(row.TimeMs, new Position(0, row.TimeMs), row.Columns));
        }

        return accumulator;
    }

    private sealed class TestedRow(int number, ValueKind kind)
    {
        internal long TimeMs => number;

        internal Value[] Columns { get; } =
        [
            kind switch
            {
                ValueKind.String => Value.Text($"text {number:0000000}"),
                ValueKind.Double => Value.Of((number % 2 == 0 ? 1 : -1) * Math.Pow(1.021, number / 2)),
                _ => Value.Of((long)number),
            },
            Value.Of((long)number),
        ];
    }
}
