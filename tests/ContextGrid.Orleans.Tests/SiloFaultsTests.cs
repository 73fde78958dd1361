using System.Text;
using Azure;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using Orleans.Runtime;
using Orleans.Storage;

namespace ContextGrid.Orleans.Tests;

/// <summary>What clients are told of a silo that fails: sentences, whatever was thrown and wherever.</summary>
public sealed class SiloFaultsTests
{
    private static readonly string[] NotForPeople =
    [
        "Exception", "   at ", "\n", "Orleans", "System.", "Codec", "`", "GrainId", "<", ">", "Request ", "sys.",
    ];

    private static readonly Exception[] Thrown =
    [
        new SnapshotStoreException("The disk of the states is away."),
        new CheckpointCorruptException("segments/00000001/x", 17, "the checksum of the record is wrong"),
        new IOException("Unable to read /data/state: Input/output error"),
        new RequestFailedException(503, "Service unavailable\nStatus: 503\nHeaders: x"),
        new InvalidOperationException("Sequence contains no elements\n   at System.Linq.ThrowHelper.ThrowNoElements()"),
        new NullReferenceException(),
        new AggregateException(new TimeoutException("The operation has timed out.")),
    ];

    [Fact]
    public async Task Read_StoreFailsInAnyWay_EveryMissingEntityHasASentence()
    {
        await using var cluster = new ClusterFixture();
        var store = new FailingStore(cluster.OpenState());
        SiloOptions WithStore(SiloOptions o) =>
            o with { Host = o.Host with { Snapshots = ClusterFixture.Place(store) } };
        await cluster.PublishAsync(users: 100, events: 200);
        await using (SiloHost before = await cluster.StartAsync())
        {
            await cluster.RequireAsync(before);
        }

        await using SiloHost first = await cluster.StartAsync(change: WithStore);
        await using SiloHost second = await cluster.StartAsync(change: WithStore);
        await ClusterFixture.BalanceAsync(first, second);
        await UnreachedAsync(first, "u0");
        int asked = 0;
        foreach (Exception thrown in Thrown)
        {
            store.Thrown = thrown;
            foreach (SiloHost silo in (SiloHost[])[first, second])
            {
                string[] why = await UnreachedAsync(
                    silo, "u0", $"u{++asked}", $"u{++asked}", $"u{++asked}", $"u{++asked}");
                Assert.NotEmpty(why);
                Assert.All(why, RequireSentence);
                Assert.True(
                    thrown is not SnapshotStoreException
                    || why.All(w => w.EndsWith(thrown.Message.TrimEnd('.'), StringComparison.Ordinal)),
                    $"The sentence of the store is lost: {why[0]}");
            }
        }

        store.Thrown = null;
        await cluster.RequireAsync(first);
    }

    [Fact]
    public void Sentence_AnyException_IsForPeople()
    {
        Exception[] more =
        [
            new SiloUnavailableException("Silo S127.0.0.1:1:2 is gone"),
            new InconsistentStateException("etag", "a", "b", new InvalidOperationException()),
            new OrleansException("Forwarding failed: Request [S127.0.0.1:1:2 sys.client]"),
            new EventLogException(EventLogError.Unavailable, "payments/1: Kafka does not\nanswer."),
            new SnapshotStoreException(new string('x', 10_000)),
            new TypeLoadException("Could not load type 'ContextGrid.Orleans.Wire.EventBlock'"),
        ];
        Assert.All(Thrown.Concat(more), e => RequireSentence(SiloFaults.Sentence(e)));
        Assert.Equal("payments/1: Kafka does not answer.", SiloFaults.Sentence(more[3]));
        Assert.Equal(
            "The disk is away.",
            SiloFaults.Sentence(new OrleansException("x", new SnapshotStoreException("The disk is away."))));
    }

    private static void RequireSentence(string text)
    {
        Assert.InRange(text.Length, 10, 301);
        Assert.All(NotForPeople, w => Assert.DoesNotContain(w, text, StringComparison.Ordinal));
    }

    private static async Task<string[]> UnreachedAsync(SiloHost silo, params string[] keys)
    {
        var query = new ContextQuery { Head = QueryHead.Newest, Patience = TimeSpan.FromMilliseconds(500) };
        query.Selections.Add(FeatureSelection.Of(silo.Grid.Plans[1], ["payments"]));
        Array.ForEach(keys, k => query.Add(0, Encoding.UTF8.GetBytes(k)));
        var answer = new ContextAnswer();
        try
        {
            await silo.Reader.ReadAsync(query, answer, CancellationToken.None);
        }
        catch (SnapshotStoreException e)
        {
            RequireSentence(e.Message);
        }

        return [.. answer.Unreached.Select(u => u.Why)];
    }

    /// <summary>A store whose reads fail while they are told to.</summary>
    private sealed class FailingStore(ISnapshotStore store) : ISnapshotStore
    {
        internal volatile Exception? Thrown;

        public ValueTask<PutResult> PutAsync(
            string name, ReadOnlyMemory<byte> content, PutCondition condition, CancellationToken cancellationToken) =>
            Thrown is { } e ? throw e : store.PutAsync(name, content, condition, cancellationToken);

        public ValueTask<SnapshotBlob?> GetAsync(string name, CancellationToken cancellationToken) =>
            Thrown is { } e ? throw e : store.GetAsync(name, cancellationToken);

        public ValueTask<int> ReadAsync(
            string name, long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
            Thrown is { } e ? throw e : store.ReadAsync(name, offset, buffer, cancellationToken);

        public ValueTask<IReadOnlyList<SnapshotBlobInfo>> ListAsync(
            string prefix, CancellationToken cancellationToken) =>
            Thrown is { } e ? throw e : store.ListAsync(prefix, cancellationToken);

        public ValueTask DeleteAsync(string name, CancellationToken cancellationToken) =>
            Thrown is { } e ? throw e : store.DeleteAsync(name, cancellationToken);
    }
}
