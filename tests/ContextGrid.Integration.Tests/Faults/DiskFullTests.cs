using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Integration.Tests.Faults.Disks;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>
/// The disk of a running server fills up, on a real ext4 of 16 MiB: producers are told, queries go on, a failing
/// checkpoint is shown, nothing acknowledged is lost, and space that is freed ends it.
/// </summary>
public sealed class DiskFullTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly GridFolder _grid = new();
    private readonly TickLoad _ticks = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Full_SpaceIsFreed_GoesOnAndHasLostNothing()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync();
        _grid.Data = disk.Data;
        await using (ServerProcess server = await _grid.StartAsync("--checkpoint-interval", "1"))
        {
            using ContextGridClient client = GridFolder.Connect(server);
            await FillAsync(disk, server, client);
            await _ticks.CheckAsync(client);

            disk.Free();
            await _ticks.PublishAsync(client, 1_000);
            await FailingAsync(server, 0);
            await server.KillAsync();
        }

        await StartAndCheckAsync();
    }

    [Fact]
    public async Task Full_Killed_StartsOnceThereIsSpace()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync();
        _grid.Data = disk.Data;
        await using (ServerProcess server = await _grid.StartAsync("--checkpoint-interval", "1"))
        {
            using ContextGridClient client = GridFolder.Connect(server);
            await FillAsync(disk, server, client);
            await server.KillAsync();
        }

        disk.Fill();
        ProcessRun refused = await _grid.RunAsync();
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("disk is full", Assert.Single(refused.Error.Trim().Split('\n')), StringComparison.Ordinal);

        disk.Free();
        await StartAndCheckAsync();
    }

    [Fact]
    public async Task Full_Terminated_EndsWithTheReasonAndLosesNothing()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync();
        _grid.Data = disk.Data;
        await using (ServerProcess server = await _grid.StartAsync("--checkpoint-interval", "1"))
        {
            using ContextGridClient client = GridFolder.Connect(server);
            await FillAsync(disk, server, client);
            Assert.Equal(0, await server.TerminateAsync(Patience));
            Assert.Contains("stopped; no last checkpoint", server.Output, StringComparison.Ordinal);
            Assert.Contains("disk is full", server.Output, StringComparison.Ordinal);
        }

        disk.Free();
        await StartAndCheckAsync();
    }

    // Full is full when neither a large nor a small call finds room, and a checkpoint does not either.
    private async Task FillAsync(SmallDisk disk, ServerProcess server, ContextGridClient client)
    {
        await _ticks.PublishAsync(client, 1_000);
        using var limit = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        do
        {
            disk.Fill();
            foreach (int count in (int[])[1_000, 1])
            {
                ContextGridException refusal = await _ticks.UntilRefusedAsync(client, count);
                Assert.Equal(GrpcStatusCode.ResourceExhausted, refusal.StatusCode);
                Assert.Contains("No space is left for the log", refusal.Message, StringComparison.Ordinal);
            }

            await timer.WaitForNextTickAsync(limit.Token);
        }
        while (await MetricAsync(server, "contextgrid_checkpoint_failing") != 1);
    }

    private static async Task FailingAsync(ServerProcess server, double value)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await MetricAsync(server, "contextgrid_checkpoint_failing") != value)
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    private static async Task<double> MetricAsync(ServerProcess server, string name)
    {
        using var http = new HttpClient { BaseAddress = server.Http };
        string line = (await http.GetStringAsync("/metrics")).Split('\n')
            .Single(l => l.StartsWith(name + " ", StringComparison.Ordinal));
        return double.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }

    private async Task StartAndCheckAsync()
    {
        await using ServerProcess next = await _grid.StartAsync();
        await next.WaitUntilReadyAsync(Patience);
        using ContextGridClient client = GridFolder.Connect(next);
        await _ticks.CheckAsync(client);
        await _ticks.PublishAsync(client, 10);
        Assert.Equal(0, await next.TerminateAsync(Patience));
    }
}
