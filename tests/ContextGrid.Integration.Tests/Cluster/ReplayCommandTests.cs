using System.Globalization;
using System.Text.Json;
using ContextGrid.Client;

namespace ContextGrid.Integration.Tests.Cluster;

/// <summary>A real silo with its log in files, alone in its cluster, and the command line that replays on it.</summary>
public sealed class ReplayCommandTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new();
    private readonly string _silo =
        string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{PartProcess.FreePort()}");

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Replay_FromStartToRemoval_IsDoneByTheCommandLineAndOutlivesTheSilo()
    {
        await using (ServerProcess server = await StartAsync())
        {
            using ContextGridClient client = GridFolder.Connect(server);
            await client.PublishAsync("ticks", Enumerable.Range(0, 600).Select(Tick));

            JsonElement started = await JsonAsync(server, "start", "user", "--version", "2");
            Assert.Equal("user-2", started.GetProperty("id").GetString());
            await RequireFinishedAsync(server, "user-2", events: 600);
            await JsonAsync(server, "start", "user", "--version", "2"); // The same again.
            await RequireRefusalAsync(server, "user@2 is of the replay 'user-2'", "start", "user", "--id", "other");
            await RequireRefusalAsync(server, "There is no entity type 'usr'", "start", "usr");

            await JsonAsync(server, "start", "user", "--key", "u1", "--version", "one");
            await RequireFinishedAsync(server, "user-one", events: 200);
            Assert.Equal(0, await server.TerminateAsync(TimeSpan.FromSeconds(30)));
        }

        await using ServerProcess again = await StartAsync();
        Assert.Equal(["user-2", "user-one"], await IdsAsync(again));
        Assert.Equal("REPLAY_FINISHED", (await JsonAsync(again, "cancel", "user-2")).GetProperty("phase").GetString());
        using var http = new HttpClient { BaseAddress = again.Http };
        (await http.DeleteAsync("/admin/v1/replays/user-one")).EnsureSuccessStatusCode();
        (await RunAsync(again, "remove", "user-2")).RequireSuccess();
        await again.WaitUntilAsync("rid of replays", Limit, async () => (await IdsAsync(again)).Length == 0);
        await RequireRefusalAsync(again, "There is no replay 'user-2'", "status", "user-2");
    }

    [Fact]
    public async Task Replay_OnAServerOfItsOwn_SaysHowToHaveACluster()
    {
        await using ServerProcess server = await _grid.StartAsync();
        await RequireRefusalAsync(server, "start the server with --cluster", "start", "user");
    }

    private static string Tick(int number) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"user_id":"u{{number % 3}}","n":{{number}}}""");

    private async Task<ServerProcess> StartAsync()
    {
        ServerProcess server = await _grid.StartAsync("--cluster", "--silo", _silo, "--checkpoint-interval", "1");
        await server.WaitUntilReadyAsync(Limit);
        return server;
    }

    private static async Task RequireFinishedAsync(ServerProcess server, string id, long events)
    {
        JsonElement replay = await JsonAsync(server, "status", id, "--wait");
        Assert.Equal("REPLAY_FINISHED", replay.GetProperty("phase").GetString());
        Assert.Equal(("", events), (replay.GetProperty("fault").GetString(), Number(replay, "events")));
        JsonElement[] partitions = [.. replay.GetProperty("partitions").EnumerateArray()];
        Assert.Equal(600, partitions.Sum(p => Number(p, "end_offset")));
        Assert.All(partitions, p => Assert.Equal(Number(p, "end_offset"), Number(p, "next_offset")));
        using var http = new HttpClient { BaseAddress = server.Http };
        using JsonDocument twin = JsonDocument.Parse(await http.GetStringAsync($"/admin/v1/replays/{id}"));
        Assert.Equal(events, Number(twin.RootElement, "events"));
    }

    private static long Number(JsonElement json, string name) =>
        long.Parse(json.GetProperty(name).GetString()!, CultureInfo.InvariantCulture); // 64 bits are a string.

    private static async Task<string[]> IdsAsync(ServerProcess server)
    {
        using var http = new HttpClient { BaseAddress = server.Http };
        using JsonDocument list = JsonDocument.Parse(await http.GetStringAsync("/admin/v1/replays"));
        JsonElement replays = list.RootElement.GetProperty("replays");
        return [.. replays.EnumerateArray().Select(r => r.GetProperty("id").GetString()!)]; // Each has one.
    }

    private static async Task<JsonElement> JsonAsync(ServerProcess server, params string[] arguments) =>
        JsonDocument.Parse((await RunAsync(server, [.. arguments, "--json"])).RequireSuccess().Output).RootElement;

    private static async Task RequireRefusalAsync(ServerProcess server, string why, params string[] arguments)
    {
        ProcessRun run = await RunAsync(server, arguments);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains(why, Assert.Single(run.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private static Task<ProcessRun> RunAsync(ServerProcess server, params string[] arguments) => ProcessRun.RunAsync(
        "dotnet",
        [
            Path.Combine(AppContext.BaseDirectory, "ContextGrid.Cli.dll"), "replay", .. arguments,
            "--server", server.Grpc.ToString(),
        ]);
}
