using System.Globalization;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Tests.Ingestion;
using ContextGrid.TestKit.Checkpoints;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>
/// Random events, checkpoints, questions and crashes of a grid with a budget, beside a grid that keeps all in memory
/// and beside plain sums.
/// </summary>
internal sealed class MemoryWorld : IAsyncDisposable
{
    private readonly Random _random;
    private readonly int _keys;
    private readonly long _bytesMax;
    private readonly CheckpointOptions _options;
    private readonly FaultySnapshotStore _store = new();
    private readonly MemoryGrid _unlimited = MemoryGrid.Unlimited();
    private readonly List<string>[] _log = [[], []];
    private readonly Dictionary<string, Sums> _sums = new(StringComparer.Ordinal);
    private MemoryGrid _grid;
    private long _timeMs = TestRecords.NowMs;

    private MemoryWorld(Random random, long bytesMax, CheckpointOptions options, MemoryGrid grid) =>
        (_random, _bytesMax, _options, _grid, _keys) = (random, bytesMax, options, grid, random.Next(1, 80));

    /// <summary>Entities that left memory in all lives.</summary>
    internal long Passivated { get; private set; }

    /// <summary>Entities that came back in all lives.</summary>
    internal long Activated { get; private set; }

    internal static async Task<MemoryWorld> MakeAsync(int seed)
    {
        var random = new Random(seed);
        long bytesMax = new[] { 1, 3_000, 20_000, 60_000, 10_000_000 }[random.Next(5)];
        var options = new CheckpointOptions
        {
            SegmentBytesMax = random.Next(2) == 0 ? 4096 : 64 << 10,
            SmallSegmentsMax = random.Next(1, 5),
            MergeInPublish = random.Next(2) == 0,
        };
        var world = new MemoryWorld(random, bytesMax, options, MemoryGrid.Unlimited());
        await world.OpenAsync();
        return world;
    }

    internal Task StepAsync() => _random.Next(20) switch
    {
        < 10 => ApplyAsync(),
        < 12 => _grid.CheckpointAsync(),
        < 17 => AskAsync(),
        < 18 => FindChangedAsync(),
        < 19 => RestartAsync(_grid.CheckpointAsync()),
        _ => CrashAsync(),
    };

    /// <summary>Compares every entity.</summary>
    internal async Task CheckAllAsync()
    {
        foreach (int plan in new[] { 0, 1 })
        {
            await AskAsync(plan, Enumerable.Range(0, _keys + 3).Select(i => Key(plan, i)));
        }

        Assert.Equal(_sums.Count, _grid.Grid.CountEntities(0) + _grid.Grid.CountEntities(1));
        Assert.Equal(_unlimited.Grid.CountEntities(0), _grid.Grid.CountEntities(0));
    }

    public async ValueTask DisposeAsync()
    {
        await _grid.DisposeAsync();
        await _unlimited.DisposeAsync();
    }

    private string Key(int plan, int number) => $"{_grid.Grid.Plans[plan].Definition.Name}{number}";

    private async Task ApplyAsync()
    {
        (int partition, int first, string[] events) = await PublishAsync();
        await _grid.CheckpointUntilAsync(_grid.ApplyAsync(partition, first, events));
    }

    /// <summary>Appends events to the log, and brings them to the grid without a budget and to the sums.</summary>
    private async Task<(int Partition, int First, string[] Events)> PublishAsync()
    {
        int partition = _random.Next(2), first = _log[partition].Count;
        var events = new string[_random.Next(1, 40)];
        for (int i = 0; i < events.Length; i++)
        {
            _timeMs += _random.Next(40_000);
            string user = $"user{_random.Next(_keys)}", shop = $"shop{_random.Next(_keys)}";
            int? amount = _random.Next(40) == 0 ? null : _random.Next(-5, 100);
            string json = amount?.ToString(CultureInfo.InvariantCulture) ?? "\"poison\"";
            events[i] = MemoryGrid.Payment(_timeMs - _random.Next(90_000), user, shop, json);
            Count(user, amount, partition, first + i);
            Count(shop, amount, partition, first + i);
        }

        _log[partition].AddRange(events);
        await _unlimited.ApplyAsync(partition, first, events);
        return (partition, first, events);
    }

    private void Count(string key, int? amount, int partition, int offset)
    {
        Sums sums = _sums.GetValueOrDefault(key, new Sums(0, 0, 0, -1, -1));
        sums = amount is { } n
            ? sums with { Count = sums.Count + 1, Sum = sums.Sum + n }
            : sums with { Skipped = sums.Skipped + 1 };
        _sums[key] = partition == 0 ? sums with { Last0 = offset } : sums with { Last1 = offset };
    }

    private Task AskAsync()
    {
        int plan = _random.Next(2), first = _random.Next(_keys + 3);
        return AskAsync(plan, Enumerable.Range(first, _random.Next(1, 30)).Select(i => Key(plan, i)));
    }

    private async Task AskAsync(int plan, IEnumerable<string> asked)
    {
        string[] keys = [.. asked];
        List<string> actual = await _grid.ReadAsync(plan, keys, _timeMs);
        Assert.Equal(await _unlimited.ReadAsync(plan, keys, _timeMs), actual);
        for (int i = 0; i < keys.Length; i++)
        {
            Sums sums = _sums.GetValueOrDefault(keys[i], new Sums(0, 0, 0, -1, -1));
            string start = $"skipped {sums.Skipped}"
                + (sums.Last0 < 0 ? "" : $" 0@{sums.Last0}") + (sums.Last1 < 0 ? "" : $" 1@{sums.Last1}")
                + $" | {sums.Count} ";
            Assert.Contains(start, actual[i], StringComparison.Ordinal);
            if (sums.Count > 0 && keys[i].StartsWith("user", StringComparison.Ordinal))
            {
                Assert.Contains($"| {sums.Sum} ", actual[i], StringComparison.Ordinal);
            }
        }
    }

    private async Task FindChangedAsync()
    {
        int plan = _random.Next(2);
        string[] keys = [.. Enumerable.Range(0, _keys + 3).Select(i => Key(plan, i))];
        long[] since = [.. _log.Select(l => (long)_random.Next(l.Count + 1))];
        SourceVector vector = SourceVector.Of(
            [.. since.Select((next, p) => new PartitionProgress(MemoryGrid.PartitionOf(p), p, next, []))]);
        IEnumerable<int> expected = Enumerable.Range(0, keys.Length).Where(
            i => _sums.TryGetValue(keys[i], out Sums? sums) && (sums.Last0 >= since[0] || sums.Last1 >= since[1]));
        Assert.Equal(expected, await _grid.FindChangedAsync(plan, keys, vector));
    }

    /// <summary>The process dies while a batch is applied, and perhaps while a checkpoint is made.</summary>
    private async Task CrashAsync()
    {
        (int partition, int first, string[] events) = await PublishAsync();
        _ = _grid.ApplyAsync(partition, first, events);
        if (_random.Next(2) == 0)
        {
            (_store.Fault, _store.FaultAt) = (SnapshotFault.Away, _store.Calls + _random.Next(1, 12));
            try
            {
                await _grid.CheckpointAsync();
            }
            catch (SnapshotStoreException)
            {
                // It is one of the things that happen.
            }

            _store.FaultAt = 0;
        }

        await RestartAsync(Task.CompletedTask);
    }

    private async Task RestartAsync(Task before)
    {
        await before;
        await OpenAsync();
        for (int p = 0; p < _log.Length; p++)
        {
            int next = (int)_grid.Progress[p].Next;
            if (next < _log[p].Count)
            {
                await _grid.CheckpointUntilAsync(_grid.ApplyAsync(p, next, _log[p][next..]));
            }
        }
    }

    private async Task OpenAsync()
    {
        Passivated += _grid.Metrics.Entities.Passivated;
        Activated += _grid.Metrics.Entities.Activated;
        await _grid.DisposeAsync();
        _grid = await MemoryGrid.OpenAsync(_store, _options, _bytesMax);
    }

    /// <summary>What the events of one entity come to.</summary>
    private sealed record Sums(long Count, long Sum, long Skipped, long Last0, long Last1);
}
