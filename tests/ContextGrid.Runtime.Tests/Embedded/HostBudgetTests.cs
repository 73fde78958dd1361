using ContextGrid.Runtime.Embedded;
using ContextGrid.TestKit.Checkpoints;
using static ContextGrid.Runtime.Tests.Embedded.HostOnStore;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>A host with a budget far below its entities, and an interval of checkpoints that never ends.</summary>
public sealed class HostBudgetTests : IDisposable
{
    private const int Users = 1_000;
    private const long BytesMax = 100_000;

    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-budget-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Publish_MoreEntitiesThanMemory_GoesOnByEarlyCheckpointsAndOutlivesARestart()
    {
        var store = new FaultySnapshotStore();
        string data = Path.Combine(_root, "data");
        string[] users = [.. Enumerable.Range(0, Users).Select(i => $"u{i}")];
        (long, long?)[] expected = [.. Enumerable.Range(0, Users).Select(i => (2L, (long?)(i + 1)))];
        await using (EmbeddedHost host = await StartAsync(data, store, BytesMax))
        {
            await ApplyAsync(host, "k", [.. users.Select((u, i) => Payment($"a{i}", u, i))]);
            await ApplyAsync(host, "k", [.. users.Select((u, i) => Payment($"b{i}", u, 1))]);
            Assert.Equal(expected, await ReadAsync(host, users));
            Assert.True(host.Metrics.Entities.Waits > 0, "Events never waited for memory.");
            Assert.True(host.Metrics.Entities.Activated > Users, $"{host.Metrics.Entities.Activated} came back.");
            Assert.InRange(host.Grid.CountResident(0), 0, Users / 2);
            Assert.InRange(host.Grid.ResidentBytes, 0, BytesMax * 5 / 4);
            Assert.Null(host.CheckpointFault);
        }

        await using EmbeddedHost next = await StartAsync(data, store, BytesMax);
        Assert.Equal(Users, next.Grid.CountEntities(0));
        Assert.Equal(expected, await ReadAsync(next, users));
        Assert.Equal(0, next.Metrics.Applied);
    }
}
