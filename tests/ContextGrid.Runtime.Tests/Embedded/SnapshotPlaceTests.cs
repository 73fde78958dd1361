using ContextGrid.Runtime.Backups;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.TestKit.Checkpoints;
using Microsoft.Extensions.Logging.Abstractions;
using static ContextGrid.Runtime.Tests.Embedded.HostOnStore;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>Hosts whose checkpoints are outside of their data directory.</summary>
public sealed class SnapshotPlaceTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-place-").FullName;
    private readonly FaultySnapshotStore _store = new();

    private string Data => Path.Combine(_root, "data");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Start_LogThatDoesNotReachTheCheckpoint_IsRefusedAndTheOwnerStays()
    {
        await using EmbeddedHost owner = await HostOnStore.StartAsync(Data, _store);
        await ApplyAsync(owner, "u1", Payment("a", "u1", 4));
        await owner.Backup.RunAsync(Path.Combine(_root, "makes-a-checkpoint"), long.MaxValue, _ => { }, default);
        var refused = await Assert.ThrowsAsync<HostStartException>(
            () => HostOnStore.StartAsync(Path.Combine(_root, "other"), _store));
        Assert.Contains("the log was lost or replaced", refused.Message, StringComparison.Ordinal);

        await ApplyAsync(owner, "u1", Payment("b", "u1", 5));
        await owner.Backup.RunAsync(Path.Combine(_root, "not-fenced"), long.MaxValue, _ => { }, default);
        Assert.Null(owner.CheckpointFault);
    }

    [Fact]
    public async Task Rebuild_OlderOwnerStillRuns_FencesItAndTheCopyCanBeStartedOn()
    {
        await using EmbeddedHost old = await HostOnStore.StartAsync(Data, _store);
        await ApplyAsync(old, "u1", Payment("a", "u1", 4));
        await old.Backup.RunAsync(Path.Combine(_root, "copy"), long.MaxValue, _ => { }, default);
        CopyLog(Path.Combine(_root, "copy"), Path.Combine(_root, "second"));

        await using EmbeddedHost rebuilt = await StartAsync(Path.Combine(_root, "second"), _store, rebuild: true);
        string prefix = PrefixIn(rebuilt.Recovered);
        await rebuilt.Progress[0].WaitForAsync(rebuilt.Progress[0].RecoverTo - 1, default).AsTask().WaitAsync(Limit);
        await rebuilt.Progress[1].WaitForAsync(rebuilt.Progress[1].RecoverTo - 1, default).AsTask().WaitAsync(Limit);
        Assert.Equal((1, 4L), Assert.Single(await ReadAsync(rebuilt, "u1")));

        await ApplyAsync(old, "u1", Payment("b", "u1", 5));
        var fenced = await Assert.ThrowsAsync<BackupException>(() => old.Backup.RunAsync(
            Path.Combine(_root, "never"), long.MaxValue, _ => { }, default));
        Assert.Contains("has opened these checkpoints since", fenced.Message, StringComparison.Ordinal);

        await using CheckpointStore copy = await CheckpointStore.OpenAsync(
            new PrefixedStore(_store, prefix), "test", TimeProvider.System, CancellationToken.None);
        Assert.Equal(1, await copy.ReadAllAsync((_, _, _) => { }, CancellationToken.None));
    }

    [Fact]
    public async Task Rebuild_NoCheckpointIsWhole_BeginsAnewWhereAStartIsRefused()
    {
        await using (EmbeddedHost host = await HostOnStore.StartAsync(Data, _store))
        {
            await ApplyAsync(host, "u1", Payment("a", "u1", 4));
        }

        foreach (SnapshotBlobInfo manifest in await _store.ListAsync("manifests/", CancellationToken.None))
        {
            _store.Damage(manifest.Name, bytes => bytes[..^1]);
        }

        await Assert.ThrowsAsync<HostStartException>(() => HostOnStore.StartAsync(Data, _store));
        await using EmbeddedHost rebuilt = await StartAsync(Data, _store, rebuild: true);
        await rebuilt.Progress[0].WaitForAsync(rebuilt.Progress[0].RecoverTo - 1, default).AsTask().WaitAsync(Limit);
        await rebuilt.Progress[1].WaitForAsync(rebuilt.Progress[1].RecoverTo - 1, default).AsTask().WaitAsync(Limit);
        Assert.Equal((1, 4L), Assert.Single(await ReadAsync(rebuilt, "u1")));
    }

    [Fact]
    public async Task Backup_CheckpointsElsewhere_HasThemAndStartsAlone()
    {
        string backup = Path.Combine(_root, "backup");
        await using (EmbeddedHost host = await HostOnStore.StartAsync(Data, _store))
        {
            await ApplyAsync(host, "u1", Payment("a", "u1", 4));
            await host.Backup.RunAsync(backup, long.MaxValue, _ => { }, default);
        }

        Assert.False(Directory.Exists(Path.Combine(Data, "checkpoints")));
        await using EmbeddedHost restored = await StartAsync(backup, null, rebuild: false);
        Assert.Contains("nothing waits in the log", restored.Recovered);
        Assert.Equal((1, 4L), Assert.Single(await ReadAsync(restored, "u1")));
    }

    private static void CopyLog(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy) ?? to);
            File.Copy(file, copy);
        }
    }

    private static string PrefixIn(IReadOnlyList<string> sentences)
    {
        string sentence = Assert.Single(sentences, s => s.Contains("copied aside to", StringComparison.Ordinal));
        return sentence.Split(' ').Single(w => w.StartsWith("old-", StringComparison.Ordinal));
    }

    private static Task<EmbeddedHost> StartAsync(string data, ISnapshotStore? store, bool rebuild) =>
        EmbeddedHost.StartAsync(
            new EmbeddedHostOptions
            {
                Definitions = Definitions,
                DataDirectory = data,
                Partitions = 2,
                CheckpointInterval = TimeSpan.FromHours(1),
                RetentionTime = TimeSpan.Zero,
                Rebuild = rebuild,
                Snapshots = store is null
                    ? null
                    : new SnapshotPlace { Name = "a store of the test", OpenAsync = _ => new(store) },
            },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None);
}
