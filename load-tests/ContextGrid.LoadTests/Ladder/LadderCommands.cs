namespace ContextGrid.LoadTests.Ladder;

/// <summary>The verbs of the ladder: load-tests/ladder.sh and load-tests/growth.sh call them.</summary>
internal static class LadderCommands
{
    private static readonly Dictionary<string, Func<Arguments, Task>> Verbs = new(StringComparer.Ordinal)
    {
        ["decode"] = arguments => Run(() => DecodeRung.Run(arguments)),
        ["apply"] = arguments => Run(() => ApplyRung.Run(arguments)),
        ["query"] = arguments => Run(() => QueryRung.Run(arguments)),
        ["append"] = AppendRung.RunAsync,
        ["embedded"] = EmbeddedRung.RunAsync,
        ["latency"] = LatencyRung.RunAsync,
        ["memory"] = _ => Run(MemoryCeiling.Run),
        ["jitter"] = arguments => Run(() => JitterCeiling.Run(arguments)),
        ["fsync"] = arguments => Run(() => DiskCeiling.Run(arguments)),
        ["kestrel"] = KestrelCeiling.RunAsync,
        ["readable"] = ReadableRung.RunAsync,
        ["publish"] = PublishRung.RunAsync,
        ["request"] = RequestFile.WriteAsync,
        ["percentiles"] = arguments => Run(() => RequestLog.Print(arguments)),
        ["definitions"] = arguments => Run(() => FeatureGrid.Write(arguments)),
        ["redis-fill"] = arguments => Run(() => RedisCommands.Fill(arguments)),
        ["redis-count"] = arguments => Run(() => RedisCommands.Count(arguments)),
        ["row"] = arguments => Run(() => Row.Of(arguments).Print()),
        ["plot"] = arguments => Run(() => GrowthPlot.Print(arguments)),
        ["table"] = _ => Run(RowTable.Print),
    };

    /// <summary>Runs a verb; the exit code is 2 for wrong use.</summary>
    internal static async Task<int> RunAsync(string[] args)
    {
        if (args.Length == 0 || !Verbs.TryGetValue(args[0], out Func<Arguments, Task>? verb))
        {
            await Console.Error.WriteLineAsync($"Verbs: {string.Join(' ', Verbs.Keys)}");
            return 2;
        }

        await verb(new Arguments(args.AsSpan(1)));
        return 0;
    }

    private static Task Run(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
