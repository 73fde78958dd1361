using System.Diagnostics;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Integration.Tests.Faults.Disks;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>Real servers with their checkpoints in Azurite: killed, cut off from it, and replaced.</summary>
public sealed class AzureSnapshotsTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new();
    private AzuriteProcess? _azurite;

    private AzuriteProcess Azurite => _azurite ?? throw new InvalidOperationException("Azurite does not run.");

    private string ConnectionFile => _grid.At("connection");

    public async ValueTask InitializeAsync()
    {
        _azurite = await AzuriteProcess.StartAsync();
        await File.WriteAllTextAsync(ConnectionFile, $"{Azurite.ConnectionString};Container=grid;Prefix=one");
    }

    public async ValueTask DisposeAsync()
    {
        await (_azurite?.DisposeAsync() ?? ValueTask.CompletedTask);
        _grid.Dispose();
    }

    [Fact]
    public async Task Kill_CheckpointsInAzure_NextStartHasEverything()
    {
        var load = new TickLoad();
        await using (ServerProcess server = await StartAsync())
        {
            using ContextGridClient client = GridFolder.Connect(server);
            await load.PublishAsync(client, 500);
            await load.CheckAsync(client);
            await NextCheckpointsAsync(server, client, 2);
            await load.PublishAsync(client, 30);
            await server.KillAsync();
            await RequireNoSecretAsync(server, null);
        }

        Assert.False(Directory.Exists(Path.Combine(_grid.Data, "checkpoints")));
        await using ServerProcess next = await StartAsync();
        using ContextGridClient reader = GridFolder.Connect(next);
        await load.CheckAsync(reader);
        Assert.InRange((await reader.GetStatusAsync()).EventsApplied, 0, 300); // The rest came out of Azure.
        Assert.Contains("/grid/one", next.Output, StringComparison.Ordinal);
        await RequireNoSecretAsync(next, next.Http);
        Assert.Equal(0, await next.TerminateAsync(Limit));
    }

    [Fact]
    public async Task Run_AzureIsAwayForAWhile_QueriesGoOnAndCheckpointsComeBack()
    {
        var load = new TickLoad();
        await using (ServerProcess server = await StartAsync())
        {
            using ContextGridClient client = GridFolder.Connect(server);
            await load.PublishAsync(client, 100);
            await NextCheckpointsAsync(server, client, 1);
            await Azurite.StopAsync();
            await server.WaitUntilAsync("without checkpoints", Limit, async () =>
            {
                await load.PublishAsync(client, 10);
                await load.CheckAsync(client);
                return await IsFailingAsync(server)
                    && server.Output.Contains("No checkpoint: ", StringComparison.Ordinal);
            });
            long before = (await client.GetStatusAsync()).CheckpointGeneration;
            await load.PublishAsync(client, 10);
            await load.CheckAsync(client);
            Assert.Equal(before, (await client.GetStatusAsync()).CheckpointGeneration);

            await Azurite.StartAgainAsync();
            await NextCheckpointsAsync(server, client, 2);
            Assert.False(await IsFailingAsync(server));
            await load.CheckAsync(client);
            await RequireNoSecretAsync(server, server.Http);
            Assert.Equal(0, await server.TerminateAsync(Limit));
        }

        await using ServerProcess again = await StartAsync();
        using ContextGridClient reader = GridFolder.Connect(again);
        await load.CheckAsync(reader);
        Assert.Equal(0, (await reader.GetStatusAsync()).EventsApplied);
    }

    [Fact]
    public async Task Start_SameSnapshotsOtherData_IsRefusedWithAnotherLogAndFencesWithTheSame()
    {
        var load = new TickLoad();
        await using ServerProcess first = await StartAsync();
        using ContextGridClient client = GridFolder.Connect(first);
        await load.PublishAsync(client, 100);
        await NextCheckpointsAsync(first, client, 2);

        _grid.Data = _grid.At("empty");
        ProcessRun refused = await _grid.RunAsync("--snapshots", "azure:@" + ConnectionFile);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("the log was lost or replaced", refused.Error, StringComparison.Ordinal);
        await load.PublishAsync(client, 1);
        await NextCheckpointsAsync(first, client, 1); // The refused start has taken nothing from it.

        string copy = _grid.At("copy");
        await client.BackupAsync(copy).LastAsync();
        _grid.Data = copy;
        await using ServerProcess second = await StartAsync();
        await load.PublishAsync(client, 1);
        Assert.Equal(1, await first.WaitForExitAsync(Limit));
        Assert.Contains("has opened these checkpoints since", first.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", first.Output, StringComparison.Ordinal);
        using ContextGridClient reader = GridFolder.Connect(second);
        EntityResult found = await reader.GetAsync("user", "u");
        Assert.Equal(101, found["ticks"].AsInt64); // What the first one took after the copy is in the first one's log.
    }

    private static async Task<bool> IsFailingAsync(ServerProcess server)
    {
        using var http = new HttpClient { BaseAddress = server.Http };
        string metrics = await http.GetStringAsync("/metrics");
        return metrics.Split('\n').Any(l => l.StartsWith("contextgrid_checkpoint_failing", StringComparison.Ordinal)
            && l.EndsWith(" 1", StringComparison.Ordinal));
    }

    private static async Task NextCheckpointsAsync(ServerProcess server, ContextGridClient client, int count)
    {
        long enough = (await client.GetStatusAsync()).CheckpointGeneration + count;
        await server.WaitUntilAsync($"at checkpoint {enough}", Limit, async () =>
        {
            await client.PublishAsync("ticks", """{"user_id":"other","n":1}"""); // Without changes there is none.
            return (await client.GetStatusAsync()).CheckpointGeneration >= enough;
        });
    }

    private static async Task RequireNoSecretAsync(ServerProcess server, Uri? status)
    {
        Assert.DoesNotContain(AzuriteProcess.Key, server.Output, StringComparison.Ordinal);
        if (status is not null)
        {
            using var http = new HttpClient { BaseAddress = status };
            string text = await http.GetStringAsync("/admin/v1/status") + await http.GetStringAsync("/metrics");
            Assert.DoesNotContain(AzuriteProcess.Key, text, StringComparison.Ordinal);
        }
    }

    private Task<ServerProcess> StartAsync() =>
        _grid.StartAsync("--checkpoint-interval", "1", "--snapshots", "azure:@" + ConnectionFile);
}
