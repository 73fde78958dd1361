using System.Globalization;
using System.Text.Json;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>
/// Real processes: a server under load, the command line that takes backups of it, and servers on those backups.
/// </summary>
public sealed class BackupTests : IDisposable
{
    private readonly GridFolder _grid = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Backup_UnderLoad_HasAllThatWasAcknowledgedBeforeAndNothingTwice()
    {
        await using ServerProcess server = await _grid.StartAsync("--checkpoint-interval", "1");
        using ContextGridClient client = GridFolder.Connect(server);
        await client.PublishAsync(
            "payments", [GridFolder.Event("{")], new PublishOptions { Invalid = InvalidEvents.DeadLetter });
        TickWriter[] writers = [.. Enumerable.Range(0, 4).Select(i => new TickWriter($"w{i}"))];
        using var enough = new CancellationTokenSource();
        Task[] running = [.. writers.Select(w => Task.Run(() => w.RunAsync(client, enough.Token)))];
        await Task.WhenAll(writers.Select(w => w.Begun)).WaitAsync(TimeSpan.FromMinutes(1));
        for (int round = 0; round < 2; round++)
        {
            long[] before = [.. writers.Select(w => w.Acknowledged)];
            string copy = _grid.At($"backup-{round}");
            await BackupAsync(server, copy);
            await using ServerProcess restored = await ServerProcess.StartAsync(_grid.Definitions, copy);
            using ContextGridClient reader = GridFolder.Connect(restored);
            await restored.WaitUntilReadyAsync(TimeSpan.FromMinutes(1));
            for (int i = 0; i < writers.Length; i++)
            {
                await writers[i].CheckPrefixAsync(reader, before[i]);
            }

            Assert.Equal(1, (await reader.ListDeadLettersAsync()).Total);
        }

        await enough.CancelAsync();
        await Task.WhenAll(running);
        string quiet = _grid.At("backup-quiet");
        await BackupAsync(server, quiet);
        await using ServerProcess same = await ServerProcess.StartAsync(_grid.Definitions, quiet);
        await same.WaitUntilReadyAsync(TimeSpan.FromMinutes(1));
        using ContextGridClient other = GridFolder.Connect(same);
        foreach (TickWriter writer in writers)
        {
            Assert.Equal(await AnswerAsync(client, writer.User), await AnswerAsync(other, writer.User));
            await writer.CheckPrefixAsync(other, writer.Acknowledged);
        }
    }

    [Fact]
    public async Task Backup_PlacesThatWillNotDo_AreRefusedInOneLine()
    {
        await using ServerProcess server = await _grid.StartAsync();
        foreach ((string to, string why) in new[]
        {
            ("backups/b", "absolute path"), (_grid.Data, "inside of the data directory"),
            (Path.Combine(_grid.Data, "b"), "inside of the data directory"), (_grid.Definitions, "not empty"),
            (_grid.At("none/b"), "There is no directory"),
        })
        {
            ProcessRun run = await RunAsync("backup", to, "--server", server.Grpc.ToString());
            Assert.Equal((1, ""), (run.ExitCode, run.Output));
            Assert.Contains(why, Assert.Single(run.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        }
    }

    private async Task BackupAsync(ServerProcess server, string to)
    {
        ProcessRun run = await RunAsync("backup", to, "--server", server.Grpc.ToString(), "--json");
        using JsonDocument summary = JsonDocument.Parse(run.RequireSuccess().Output);
        Assert.Equal(to, summary.RootElement.GetProperty("directory").GetString());
        Assert.Equal(9, summary.RootElement.GetProperty("partitions").GetArrayLength());
        (await RunAsync("verify", to, "--definitions", _grid.Definitions)).RequireSuccess();
    }

    private static Task<ProcessRun> RunAsync(params string[] arguments) =>
        ProcessRun.RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "ContextGrid.Cli.dll"), .. arguments]);

    private static async Task<string> AnswerAsync(ContextGridClient client, string user)
    {
        ContextResult result = await client.GetAsync(new ContextRequest
        {
            Entities = [new EntityId("user", user)],
            Newest = true,
        });
        EntityResult found = result.Entities[0];
        string[] features = ["payments", "ticks", "tick_sum", "tick_numbers", "tick_last"];
        return string.Join(' ', features.Select(f => found[f].AsInt64?.ToString(CultureInfo.InvariantCulture)))
            + string.Join(' ', found.Positions.Select(p => $" {p.Topic}/{p.Partition}@{p.Offset}"));
    }
}
