using ContextGrid.TestKit.Grpc;

namespace ContextGrid.LimitRuns;

/// <summary>The ways in which clients misbehave, or just want much.</summary>
internal static class Loads
{
    /// <summary>All, by name. Each returns when what it wants to hold is held; what it repeats goes on.</summary>
    internal static IReadOnlyDictionary<string, Func<Load, Task>> All { get; } =
        new Dictionary<string, Func<Load, Task>>
        {
            ["slow-watchers"] = SlowWatchersAsync,
            ["publishers"] = PublishersAsync,
            ["hot-key"] = HotKeyAsync,
            ["categories"] = CategoriesAsync,
            ["watched"] = WatchedAsync,
            ["idle-connections"] = IdleAsync,
            ["silent-connections"] = SilentAsync,
        };

    // 200 watches of 1,000 entities that change all the time, whose clients take 64 KiB and no more.
    private static async Task SlowWatchersAsync(Load load)
    {
        byte[] watch = Requests.Watch(Enumerable.Range(0, 1000).Select(i => $"w{i}"));
        for (int i = 0; i < 200; i++)
        {
            RawHttp2 connection = await load.ConnectAsync(65_535);
            await connection.CallAsync(1, Requests.WatchContext, watch);
        }

        PublishTo(load, "w", 1000);
    }

    // 300 connections that publish 700 KB each, as fast as they are answered.
    private static Task PublishersAsync(Load load)
    {
        byte[] batch = Requests.Batch(Enumerable.Range(0, 700).Select(i => ($"p{i}", "c")), padding: 900);
        for (int i = 0; i < 300; i++)
        {
            load.Repeat(Requests.Publish, _ => batch);
        }

        return Task.CompletedTask;
    }

    // Four publishers at full speed; every second event is of the same entity, for which many ask as well.
    private static Task HotKeyAsync(Load load)
    {
        byte[] batch = Requests.Batch(
            Enumerable.Range(0, 1000).Select(i => (i % 2 == 0 ? "hot" : $"h{i}", $"c{i % 10}")));
        for (int i = 0; i < 4; i++)
        {
            load.Repeat(Requests.Publish, _ => batch);
        }

        byte[] ask = Requests.Ask("hot");
        load.Repeat(Requests.GetContext, _ => ask, TimeSpan.FromMilliseconds(1));
        return Task.CompletedTask;
    }

    // One entity that is told a new category with every event, a million of them at most.
    private static Task CategoriesAsync(Load load)
    {
        load.Repeat(Requests.Publish, call => Requests.Batch(
            Enumerable.Range(call * 5000, call < 200 ? 5000 : 1).Select(i => ("cat", $"category-{i}"))));
        byte[] ask = Requests.Ask("cat");
        load.Repeat(Requests.GetContext, _ => ask, TimeSpan.FromMilliseconds(1));
        return Task.CompletedTask;
    }

    // Ten watches of 10,000 entities, of which 5,000 a second change.
    private static async Task WatchedAsync(Load load)
    {
        for (int w = 0; w < 10; w++)
        {
            RawHttp2 connection = await load.ConnectAsync();
            byte[] body = Requests.Watch(Enumerable.Range(w * 10_000, 10_000).Select(i => $"e{i}"));
            await connection.CallAsync(1, Requests.WatchContext, body);
            load.Drain(connection);
        }

        PublishTo(load, "e", 100_000);
    }

    // Clients that have asked once and stay, more than there is room for.
    private static async Task IdleAsync(Load load)
    {
        for (int i = 0; i < 10_100; i++)
        {
            await load.AskAsync(await load.ConnectAsync());
        }
    }

    // Clients that never say anything, more than there is room for.
    private static async Task SilentAsync(Load load)
    {
        for (int i = 0; i < 10_100; i++)
        {
            await load.ConnectSilentAsync();
        }
    }

    // 500 events every 100 ms.
    private static void PublishTo(Load load, string prefix, int users) => load.Repeat(
        Requests.Publish,
        call => Requests.Batch(
            Enumerable.Range(call * 500, 500).Select(i => ($"{prefix}{i % users}", $"c{i % 10}"))),
        TimeSpan.FromMilliseconds(100));
}
