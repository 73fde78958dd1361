using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Embedded;
using ContextGrid.TestKit.Processes;

namespace ContextGrid.Server.Tests;

/// <summary>State of a server is never passed over by a silo, nor that of silos by a server.</summary>
public sealed class StoreLayoutTests : IDisposable
{
    private const string Server = "manifests/00000000000000000001";
    private const string Silo = "shards/00003/" + Server;

    private readonly TemporaryDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData(Server, true, "was no silo: start without --cluster, or name another place with --data")]
    [InlineData(Silo, false, "the state of a cluster: add --cluster, or name another place with --data")]
    [InlineData(Server, false, null)]
    [InlineData(Silo, true, null)]
    public void Guard_StateInTheDataDirectory_IsRefusedOfTheOtherKind(string blob, bool isSilo, string? expected)
    {
        string path = Path.Combine(_root.Path, "checkpoints", blob);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!); // It has one.
        File.WriteAllText(path, "x");
        Check(expected, Record.Exception(() => StoreLayout.Guard(Host(), isSilo)));
    }

    [Theory]
    [InlineData(Server, true, "start without --cluster, or name another place with --snapshots")]
    [InlineData(Silo, false, "add --cluster, or name another place with --snapshots")]
    [InlineData(Server, false, null)]
    [InlineData(Silo, true, null)]
    public async Task Guard_StateInAnotherStore_IsRefusedOfTheOtherKind(string blob, bool isSilo, string? expected)
    {
        DirectorySnapshotStore store = DirectorySnapshotStore.Open(_root.Path, TimeProvider.System);
        await store.PutAsync(blob, new byte[] { 1 }, PutCondition.Absent, default);
        EmbeddedHostOptions guarded = StoreLayout.Guard(
            Host() with { Snapshots = new SnapshotPlace { Name = "the store", OpenAsync = _ => new(store) } }, isSilo);
        Assert.NotNull(guarded.Snapshots);
        Check(expected, await Record.ExceptionAsync(async () => await guarded.Snapshots.OpenAsync(default)));
    }

    // What a server really writes is what a silo refuses.
    [Fact]
    public async Task Start_AsSiloOnDataOfAServer_IsRefusedInOneLine()
    {
        DefinitionSet definitions = Definitions();
        await using (await GridServer.StartAsync(Options([]), definitions, TimeProvider.System))
        {
            // Its last checkpoint is made when it stops.
        }

        var refused = await Assert.ThrowsAsync<HostStartException>(
            () => GridServer.StartAsync(Options(["--cluster"]), definitions, TimeProvider.System));
        Check("start without --cluster", refused);
    }

    private static void Check(string? expected, Exception? refused)
    {
        if (expected is null)
        {
            Assert.Null(refused);
            return;
        }

        string message = Assert.IsType<HostStartException>(refused).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private EmbeddedHostOptions Host() => new() { Definitions = Definitions(), DataDirectory = _root.Path };

    private ServerOptions Options(string[] more)
    {
        ServerOptions? options = null;
        ServerOptions.Parse(["--data", _root.Path, "--http", "0", "--grpc", "0", .. more], parsed =>
        {
            options = parsed;
            return Task.FromResult(0);
        });
        return options ?? throw new InvalidOperationException("The options were refused.");
    }

    private static DefinitionSet Definitions() => DefinitionFiles.Parse(
        "test.yaml",
        """
        version: 1
        events: {payment: {topic: payments, key: user, fields: {user: string}}}
        entities: {user: {from: {payment: user}, features: {payments: payment | count()}}}
        """).Set ?? throw new InvalidOperationException("The definitions are wrong.");
}
