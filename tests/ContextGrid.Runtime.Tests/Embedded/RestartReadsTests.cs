using ContextGrid.Runtime.Embedded;
using ContextGrid.TestKit.Checkpoints;
using static ContextGrid.Runtime.Tests.Embedded.HostOnStore;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>A start reads where entities are, and not the entities.</summary>
public sealed class RestartReadsTests : IDisposable
{
    private const int Users = 3_000;
    private const int HeldFrom = 100_000;

    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-restart-").FullName;

    private string Data => Path.Combine(_root, "data");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Start_ManyStoredEntities_ReadsOnlyTheirIndexAndThenOneRecord()
    {
        var store = new FaultySnapshotStore();
        await using (EmbeddedHost first = await StartAsync(Data, store))
        {
            await ApplyAsync(first, "k", [.. Enumerable.Range(0, Users).Select(i => Payment($"p{i}", $"u{i}", i))]);
        }

        var counting = new CountingStore(store, HeldFrom);
        await using EmbeddedHost host = await StartAsync(Data, counting);
        Assert.Equal((Users, 0L), (host.Grid.CountEntities(0), host.Grid.CountResident(0)));
        long atStart = counting.Bytes;
        long index = 12L * Users; // An entry of the index has 12 bytes; headers and footers come beside.

        // The footer is checked before the manifest is trusted, and the check of whole segments looks at it once more.
        Assert.InRange(atStart, index, index + 1_000);
        Assert.True(host.Checkpoint.Segments.Sum(s => s.Bytes) > 3 * index, "The states are too small for this test.");

        Assert.Equal([(1, 77)], await ReadAsync(host, "u77"));
        Assert.InRange(counting.Bytes - atStart, 1, (128 * 12) + 500); // A part of the index and one record.
        Assert.Equal(1, host.Grid.CountResident(0));
        Assert.Equal([(1, 77)], await ReadAsync(host, "u77"));
        Assert.Equal((1, 1), (host.Metrics.Entities.Lookups, host.Metrics.Entities.Activated));
        Assert.Equal([(0, null)], await ReadAsync(host, "nobody"));
        Assert.Equal((Users, 1L), (host.Grid.CountEntities(0), host.Grid.CountResident(0)));

        await ApplyAsync(host, "k", Payment("a", "u78", 1), Payment("b", "a new one", 1));
        Assert.Equal([(2, 79), (1, 1)], await ReadAsync(host, "u78", "a new one"));
        Assert.Equal((Users + 1, 3L), (host.Grid.CountEntities(0), host.Grid.CountResident(0)));
        counting.Release();
    }
}
