using ContextGrid.Client;
using ContextGrid.Integration.Tests.Faults.Disks;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>SIGSTOP and SIGCONT: a paused server keeps its directory, and goes on where it was.</summary>
public sealed class PausedTests : IDisposable
{
    private readonly GridFolder _grid = new();
    private readonly TickLoad _ticks = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Pause_UnderLoad_KeepsOthersOutAndGoesOn()
    {
        await using (ServerProcess server = await _grid.StartAsync("--checkpoint-interval", "1"))
        {
            using ContextGridClient client = GridFolder.Connect(server);
            await _ticks.PublishAsync(client, 100);
            server.Signal("STOP");
            Task publish = _ticks.PublishAsync(client, 100);

            ProcessRun second = await _grid.RunAsync();
            Assert.Equal(1, second.ExitCode);
            Assert.Contains($"in use by another server (process {server.Id})", second.Error, StringComparison.Ordinal);
            ProcessRun rebuild = await _grid.RunAsync("--rebuild");
            Assert.Equal(1, rebuild.ExitCode);
            Assert.False(publish.IsCompleted);

            server.Signal("CONT");
            await publish;
            await _ticks.PublishAsync(client, 100);
            await server.KillAsync();
        }

        await using ServerProcess next = await _grid.StartAsync();
        await next.WaitUntilReadyAsync(TimeSpan.FromSeconds(30));
        using ContextGridClient reader = GridFolder.Connect(next);
        await _ticks.CheckAsync(reader);
    }
}
