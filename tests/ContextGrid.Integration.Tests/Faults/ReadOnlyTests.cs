using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Integration.Tests.Faults.Disks;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>
/// The file system of a running server turns read-only, as ext4 does when the kernel finds an error in it.
/// </summary>
public sealed class ReadOnlyTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly GridFolder _grid = new();
    private readonly TickLoad _ticks = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Start_DiskIsReadOnly_SaysSo()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync();
        _grid.Data = disk.Data;
        await using (ServerProcess server = await _grid.StartAsync())
        {
            Assert.Equal(0, await server.TerminateAsync(Patience));
        }

        await disk.MendAsync("ro");
        await RefusedAsync();
    }

    [Fact]
    public async Task Run_DiskTurnsReadOnly_AnswersQueriesAndRefusesEvents()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync();
        _grid.Data = disk.Data;
        await using (ServerProcess server = await _grid.StartAsync("--checkpoint-interval", "1"))
        {
            using ContextGridClient client = GridFolder.Connect(server);
            await _ticks.PublishAsync(client, 1_000);
            await disk.FailAsync();

            ContextGridException refusal = await _ticks.UntilRefusedAsync(client, 1);
            Assert.Equal(GrpcStatusCode.Unavailable, refusal.StatusCode);
            Assert.Contains("restart the server", refusal.Message, StringComparison.Ordinal);
            ContextGridException later = await _ticks.UntilRefusedAsync(client, 1);
            Assert.Equal(refusal.Message, later.Message);
            await _ticks.CheckAsync(client);
            Assert.True((await client.GetStatusAsync()).Ready);
            Assert.Equal(0, await server.TerminateAsync(Patience));
        }

        await RefusedAsync();
        await disk.MendAsync();
        await using ServerProcess next = await _grid.StartAsync();
        await next.WaitUntilReadyAsync(Patience);
        using ContextGridClient reader = GridFolder.Connect(next);
        await _ticks.CheckAsync(reader);
        await _ticks.PublishAsync(reader, 10);
    }

    private async Task RefusedAsync()
    {
        ProcessRun refused = await _grid.RunAsync();
        Assert.Equal(1, refused.ExitCode);
        string line = Assert.Single(refused.Error.Trim().Split('\n'));
        Assert.Contains(_grid.Data, line, StringComparison.Ordinal);
        Assert.Contains("ead-only file system", line, StringComparison.Ordinal);
    }
}
