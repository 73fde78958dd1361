using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Tests.Features.Accumulators;

/// <summary>One event as the tests make it: column 0 is the input, column 1 the order column.</summary>
internal sealed record TestRow(long TimeMs, Position Position, Value[] Columns)
{
    public void AddTo(Accumulator accumulator) => accumulator.Add(new EventRow(TimeMs, Position, Columns));
}

/// <summary>Makes rows, fills accumulators and shows their bytes.</summary>
internal static class TestRows
{
    public static TestRow[] Of(params Value[] values) =>
        [.. values.Select((value, i) => new TestRow(1000 + i, new Position(0, i), [value, Value.Null]))];

    public static TestRow[] Of(params double[] values) => Of([.. values.Select(Value.Of)]);

    public static Accumulator Filled(AccumulatorSpec spec, IEnumerable<TestRow> rows)
    {
        Accumulator accumulator = AccumulatorFactory.Create(spec);
        foreach (TestRow row in rows)
        {
            row.AddTo(accumulator);
        }

        return accumulator;
    }

    public static byte[] Bytes(Accumulator accumulator)
    {
        var writer = new SnapshotWriter();
        accumulator.Write(writer);
        return writer.Written.ToArray();
    }

    /// <summary>Random rows with ties of time, duplicates, nulls (a tenth), and numbers from tiny to extreme.</summary>
    public static TestRow[] Random(Random random, ValueKind kind, int count, int variety)
    {
        Value[] pool = [.. Enumerable.Range(0, variety).Select(_ => RandomValue(random, kind))];
        return
        [
            .. Enumerable.Range(0, count).Select(i => new TestRow(
                1_700_000_000_000 + random.Next(count),
                new Position(random.Next(3), i),
                [
                    random.Next(10) == 0 ? Value.Null : pool[random.Next(variety)],
                    random.Next(10) == 0 ? Value.Null : Value.Of((long)random.Next(5)),
                ])),
        ];
    }

    public static Value RandomValue(Random random, ValueKind kind) => kind switch
    {
        ValueKind.Int64 => Value.Of(random.Next(4) switch
        {
            0 => random.NextInt64(long.MinValue, long.MaxValue),
            1 => random.Next(2) == 0 ? long.MaxValue : long.MinValue,
            _ => random.Next(-50, 50),
        }),
        ValueKind.Timestamp => Value.Timestamp(1_700_000_000_000 + random.Next(100_000)),
        ValueKind.Bool => Value.Of(random.Next(2) == 0),
        ValueKind.String => Value.Text(new string((char)('a' + random.Next(26)), random.Next(20)) + random.Next(300)),
        _ => Value.Of(RandomDouble(random)),
    };

    public static double RandomDouble(Random random) => random.Next(6) switch
    {
        0 => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)) is var x
            && double.IsFinite(x) ? x : 0,
        1 => random.Next(2) == 0 ? double.Epsilon * random.Next(1000) : -1e308,
        2 => 0,
        _ => random.Next(-100_000, 100_000) / 100.0,
    };
}
