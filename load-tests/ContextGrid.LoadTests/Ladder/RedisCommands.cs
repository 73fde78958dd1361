using System.Globalization;


namespace ContextGrid.LoadTests.Ladder;

/// <summary>
/// The rival's work as commands for redis-cli --pipe: users with so many ready fields, or payments counted into the
/// same features, ten commands for each of the three windows.
/// </summary>
internal static class RedisCommands
{
    private static readonly (string Name, long Ms)[] Windows =
        [("5m", 300_000), ("1h", 3_600_000), ("1d", 86_400_000)];

    internal static void Fill(Arguments arguments)
    {
        int fields = arguments.Count("fields", 50);
        using TextWriter to = Writer();
        for (int user = 0; user < arguments.Count("users", 100_000); user++)
        {
            to.Write(string.Create(CultureInfo.InvariantCulture, $"HSET u{user:D12}"));
            for (int field = 0; field < fields; field++)
            {
                to.Write(string.Create(CultureInfo.InvariantCulture, $" f{field} {(user % 1000) + field}.25"));
            }

            to.Write("\r\n");
        }
    }

    internal static void Count(Arguments arguments)
    {
        int events = arguments.Count("events", 100_000);
        long startMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - events;
        var random = new Random(42);
        using TextWriter to = Writer();
        for (int i = 0; i < events; i++)
        {
            double u = random.NextDouble(), v = random.NextDouble();
            int user = (int)(u * u * arguments.Count("users", 100_000));
            string amount = (1 + (v * v * v * 1_000)).ToString("F2", CultureInfo.InvariantCulture);
            foreach ((string name, long ms) in Windows)
            {
                CountIn($"{user}:{name}:{(startMs + i) / ms}", amount, random.Next(5_000), i, to);
            }
        }
    }

    private static void CountIn(string key, string amount, int merchant, int payment, TextWriter to)
    {
        to.Write($"HINCRBY u{key} count 1\r\n");
        foreach (string field in (string[])["sum", "min", "max", "avg", "stddev"])
        {
            to.Write($"HINCRBYFLOAT u{key} {field} {amount}\r\n");
        }

        to.Write($"HSET u{key} last {amount}\r\n");
        to.Write($"PFADD m{key} {merchant}\r\n");
        to.Write($"HINCRBY u{key} b{amount.Length}{amount[0]} 1\r\n");
        to.Write($"ZADD t{key} {amount} {payment}\r\n");
    }

    private static StreamWriter Writer() => new(Console.OpenStandardOutput(), bufferSize: 1 << 16);
}
