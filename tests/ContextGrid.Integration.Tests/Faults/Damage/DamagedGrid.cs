using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Faults.Damage;

/// <summary>
/// The data of a killed server, made once and copied for each test: several checkpoints, the newest with segments of
/// its own, and a log that goes on behind it. Knows what every user must show.
/// </summary>
public sealed class DamagedGrid : IAsyncLifetime
{
    internal const int Users = 100;
    private const int Rounds = 4;
    private const int EventsOfARound = 4_000;

    private readonly GridFolder _made = new();

    /// <summary>The position of each partition's newest event.</summary>
    internal IReadOnlyList<SourcePosition> End { get; private set; } = [];

    /// <summary>Every user.</summary>
    internal static EntityId[] Everybody =>
    [
        .. Enumerable.Range(0, Users)
            .Select(u => new EntityId("user", string.Create(CultureInfo.InvariantCulture, $"u{u}"))),
    ];

    /// <summary>How many events there are, and the sum of their numbers, of one user.</summary>
    internal static (long Count, long Sum) Of(int user)
    {
        long[] numbers = [.. Enumerable.Range(0, Rounds * EventsOfARound).Where(n => n % Users == user)];
        return (numbers.Length, numbers.Sum());
    }

    public async ValueTask InitializeAsync()
    {
        await using ServerProcess server = await _made.StartAsync("--checkpoint-interval", "1");
        using ContextGridClient client = GridFolder.Connect(server);
        var end = new Dictionary<int, SourcePosition>();
        for (int round = 0; round < Rounds; round++)
        {
            // Several commits a round, so that there is a known end behind most records.
            foreach (int[] batch in Enumerable.Range(round * EventsOfARound, EventsOfARound).Chunk(500))
            {
                PublishResult result = await client.PublishAsync("ticks", batch.Select(Tick));
                foreach (SourcePosition position in result.Positions)
                {
                    end[position.Partition] = position;
                }
            }

            if (round < Rounds - 1)
            {
                await CheckpointAsync(client);
            }
        }

        End = [.. end.Values];
        await server.KillAsync();
    }

    public ValueTask DisposeAsync()
    {
        _made.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A copy to damage; the caller's.</summary>
    internal GridFolder Copy()
    {
        var copy = new GridFolder();
        foreach (string file in Directory.GetFiles(_made.Data, "*", SearchOption.AllDirectories))
        {
            string to = Path.Combine(copy.Data, Path.GetRelativePath(_made.Data, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to) ?? copy.Data);
            File.Copy(file, to);
        }

        return copy;
    }

    /// <summary>A server starts, says this, and has everything.</summary>
    internal async Task StartsAndIsWholeAsync(GridFolder grid, string first, string second)
    {
        string[] more = second == "--rebuild" ? [second] : [];
        await using ServerProcess server = await grid.StartAsync(more);
        Assert.Contains(first, server.Output, StringComparison.Ordinal);
        Assert.True(more.Length > 0 || server.Output.Contains(second, StringComparison.Ordinal), server.Output);
        using ContextGridClient client = GridFolder.Connect(server);
        await ReadAllAsync(client);
        Assert.DoesNotContain("   at ", server.Output, StringComparison.Ordinal);
    }

    /// <summary>Everybody shows every event, once.</summary>
    internal async Task ReadAllAsync(ContextGridClient client)
    {
        ContextResult answer = await client.GetAsync(
            new ContextRequest { Entities = Everybody, MinPosition = End });
        for (int user = 0; user < Users; user++)
        {
            EntityResult found = answer.Entities[user];
            (long count, long sum) = Of(user);
            Assert.Equal(
                (user, count, sum, count),
                (user, found["ticks"].AsInt64, found["tick_sum"].AsInt64, found["tick_numbers"].AsInt64));
        }
    }

    /// <summary>The server has not started, and said all of this in one line.</summary>
    internal static void Refused(ProcessRun run, params string[] fragments)
    {
        Assert.True(run.ExitCode == 1, $"exit code {run.ExitCode}\n{run.Output}\n{run.Error}");
        string line = Assert.Single(run.Error.Trim().Split('\n'));
        Assert.All(fragments, fragment => Assert.Contains(fragment, line, StringComparison.Ordinal));
    }

    // One more generation; what it does not hold yet is the tail of the log.
    private static async Task CheckpointAsync(ContextGridClient client)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        long before = (await client.GetStatusAsync()).CheckpointGeneration;
        while ((await client.GetStatusAsync()).CheckpointGeneration == before)
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    private static string Tick(int n) => string.Create(
        CultureInfo.InvariantCulture, $$"""{"user_id":"u{{n % Users}}","n":{{n}}}""");
}
