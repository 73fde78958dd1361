using ContextGrid.Client;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>A server whose checkpoints another owner has taken over can make nothing durable: it ends.</summary>
public sealed class FencedTests : IDisposable
{
    private readonly GridFolder _grid = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Run_CheckpointsAreTakenOver_EndsWithCode1AndTheReason()
    {
        await using ServerProcess server = await _grid.StartAsync("--checkpoint-interval", "1");
        await using CheckpointStore thief = await CheckpointStore.OpenAsync(
            DirectorySnapshotStore.Open(Path.Combine(_grid.Data, "checkpoints"), TimeProvider.System),
            "thief",
            TimeProvider.System,
            CancellationToken.None);
        using ContextGridClient client = GridFolder.Connect(server);
        await client.PublishAsync("ticks", """{"user_id":"u1","n":1}""");

        Assert.Equal(1, await server.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("thief", server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", server.Output, StringComparison.Ordinal);
    }
}
