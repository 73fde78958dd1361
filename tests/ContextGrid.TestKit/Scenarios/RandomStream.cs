using System.Collections.Immutable;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.TestKit.Scenarios;

/// <summary>
/// Random events: bursts and pauses, ties, exact copies, out-of-order and very late ones, times on tile borders, nulls
/// and, in some streams, extreme numbers; over two topics with three partitions each.
/// </summary>
/// <param name="random">The source of all choices.</param>
/// <param name="extreme">Whether numbers may be at the limits of their types.</param>
/// <param name="merchants">How many different merchants there may be.</param>
public sealed class RandomStream(Random random, bool extreme, int merchants)
{
    private const int Partitions = 3;

    private static readonly string[] Countries = ["DE", "FR", "GB", "JP", "ÅX", "日本", "😀"];

    private static readonly double[] ExtremeDoubles =
        [1e308, -1e308, 1.7976931348623157e308, 5e-324, -5e-324, 2.2250738585072014e-308, 1e-300, 1e15, -0.0, 0.1];

    private static readonly long[] ExtremeIntegers =
        [long.MaxValue, long.MinValue, long.MaxValue - 1, long.MinValue + 1, 1L << 53, (1L << 53) + 1, 0];

    // Steps in milliseconds between events: within a tile, from tile to tile, beyond a session, beyond most windows.
    private static readonly long[] Steps = [0, 0, 1, 7, 300, 999, 1_000, 4_500, 30_000, 61_000, 600_000, 5_400_000];

    /// <summary>Makes events in order of arrival.</summary>
    public ImmutableArray<OracleEvent> Make(int count)
    {
        long now = random.Next(8) == 0 ? -5_000 : 1_700_000_000_000 + random.Next(100_000_000);
        int pace = random.Next(3, Steps.Length + 1);
        bool isSteady = random.Next(6) == 0; // Without a pause, so that sessions reach further back than they may.
        var offsets = new Dictionary<(string, int), long>();
        var events = ImmutableArray.CreateBuilder<OracleEvent>(count);
        for (int i = 0; i < count; i++)
        {
            now += isSteady ? random.Next(500, 1_000) : Steps[random.Next(pace)];
            now = random.Next(12) == 0 ? now / 60_000 * 60_000 + random.Next(-1, 2) : now;
            long late = random.Next(6) switch { 0 => random.Next(1, 90_000), 1 => Late(), _ => 0 };
            (string name, string topic) = Scenario.Topics[random.Next(4) == 0 ? 1 : 0];
            int partition = random.Next(Partitions);
            long offset = offsets.GetValueOrDefault((topic, partition), -1) + random.Next(1, 3);
            offsets[(topic, partition)] = offset;
            bool isCopy = i > 0 && random.Next(10) == 0;
            OracleEvent model = isCopy ? events[random.Next(i)] : new(name, now - late, topic, 0, 0, FieldsAt(now));
            events.Add(model with { EventName = name, Topic = topic, Partition = partition, Offset = offset });
        }

        return events.ToImmutable();
    }

    // Some are so late that they belong to no window any more.
    private long Late() => random.Next(3) == 0 ? Steps[random.Next(Steps.Length)] * random.Next(1, 40) : 0;

    private Dictionary<string, object?> FieldsAt(long now) => new()
    {
        ["user"] = Scenario.Key,
        ["amount"] = Maybe(Amount()),
        ["qty"] = Maybe(extreme && random.Next(4) == 0 ? Pick(ExtremeIntegers) : random.Next(-3, 12)),
        ["merchant"] = Maybe(random.Next(30) == 0 ? "" : "m" + random.Next(merchants)),
        ["country"] = Maybe(Pick(Countries)),
        ["flag"] = Maybe(random.Next(2) == 0),
        ["at"] = Maybe(new OracleTime(now - random.Next(1_000))),
    };

    private double Amount()
    {
        if (extreme && random.Next(4) == 0)
        {
            return Pick(ExtremeDoubles);
        }

        return random.Next(4) switch
        {
            0 => random.Next(1, 6) * 2.5,
            1 => (random.NextDouble() - 0.5) * 1e6,
            2 => random.Next(10_000) / 100.0,
            _ => random.NextDouble(),
        };
    }

    private T Pick<T>(T[] values) => values[random.Next(values.Length)];

    private object? Maybe(object value) => random.Next(9) == 0 ? null : value;
}
