using System.Collections.Concurrent;
using ContextGrid.Core.Queries;
using ContextGrid.Core.Snapshots;
using ContextGrid.Orleans.Topology;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Topology;
using Microsoft.Extensions.DependencyInjection;

namespace ContextGrid.Orleans.Tests;

/// <summary>The shards of silos, and what brings events to them.</summary>
public sealed class ShardMovesTests
{
    private const int Users = 300;

    [Fact]
    public async Task Start_ThreeSilos_ShardsDifferByOneAndEachHasItsAlone()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        await using SiloHost third = await cluster.StartAsync();
        SiloHost[] silos = [first, second, third];
        await ClusterFixture.BalanceAsync(silos);
        Assert.Equal([85, 85, 86], silos.Select(s => s.Shards.Grid.Positions.Open.Count).Order());
        Assert.Equal(
            Enumerable.Range(0, 256),
            silos.SelectMany(s => s.Shards.Grid.Positions.Open.Shards().ToArray()).Order());
    }

    [Fact]
    public async Task Publish_ThreeSilos_EachOtherSiloGetsOneMessageABatch()
    {
        await using var cluster = new ClusterFixture(log => log with { ReadRecordsMax = 100 });
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        await using SiloHost third = await cluster.StartAsync();
        SiloHost[] silos = [first, second, third];
        await ClusterFixture.BalanceAsync(silos);
        CountingReceiver[] receivers = [.. silos.Select(CountingReceiver.Of)];
        int before = cluster.Held.Batches;
        await cluster.PublishAsync(Users, events: 3_000);
        foreach (SiloHost silo in silos)
        {
            await cluster.RequireAsync(silo);
        }

        int batches = cluster.Held.Batches - before;
        Assert.InRange(batches, 30, 3_000);
        Assert.Equal(2 * batches, receivers.Sum(r => r.Parts.Count));
        Assert.All(receivers, r => Assert.Equal(r.Parts.Count, r.Parts.Distinct().Count()));
    }

    // Somebody asks all silos all the time, and is never refused and never told less than before.
    [Fact]
    public async Task Join_AndOrderlyStopUnderEvents_NothingIsLostAndNoQueryIsRefused()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await cluster.PublishAsync(Users, events: Users);
        await cluster.RequireAsync(first);
        using var end = new CancellationTokenSource();
        Task<int> asking = AskAsync(first, end.Token);
        SiloHost second = await cluster.StartAsync();
        for (int round = 0; round < 10; round++)
        {
            await cluster.PublishAsync(Users, events: 2 * Users);
        }

        await ClusterFixture.BalanceAsync(first, second);
        await cluster.RequireAsync(second);
        for (int round = 0; round < 10; round++)
        {
            await cluster.PublishAsync(Users, events: 2 * Users);
        }

        await second.DisposeAsync();
        await ClusterFixture.BalanceAsync(first);
        await cluster.PublishAsync(Users, events: Users);
        await cluster.RequireAsync(first);
        await end.CancelAsync();
        Assert.True(await asking > 10);
    }

    [Fact]
    public async Task Crash_OneOfThree_ItsShardsAreTakenAndValuesAreWholeAgain()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        SiloHost third = await cluster.StartAsync();
        await ClusterFixture.BalanceAsync(first, second, third);
        await cluster.PublishAsync(Users, events: 10 * Users);
        await cluster.RequireAsync(first);
        await third.CrashAsync();
        await cluster.PublishAsync(Users, events: 10 * Users);
        await ClusterFixture.BalanceAsync(first, second);
        await cluster.RequireAsync(first);
        await cluster.RequireAsync(second);
        Dictionary<string, byte[]> expected = await EntityStates.ByCoreAsync(cluster);
        await ReplayChecks.RequireAsync(first, async () =>
        {
            Dictionary<string, byte[]> stored = await EntityStates.StoredAsync(
                cluster, expected.Keys, first, second);
            return expected.All(e => stored[e.Key].AsSpan().SequenceEqual(e.Value));
        });
    }

    private static async Task<int> AskAsync(SiloHost silo, CancellationToken end)
    {
        var query = new ContextQuery();
        var answer = new ContextAnswer();
        long[] before = new long[Users];
        int asked = 0;
        for (; !end.IsCancellationRequested; asked++)
        {
            query.Clear();
            query.Selections.Add(FeatureSelection.Of(silo.Grid.Plans[1], ["payments"]));
            query.Head = QueryHead.Newest;
            for (int i = 0; i < Users; i++)
            {
                query.Add(0, Follower.KeyOf(i));
            }

            await silo.Reader.ReadAsync(query, answer, CancellationToken.None);
            Assert.Empty(answer.Unreached);
            for (int i = 0; i < Users; i++)
            {
                long payments = answer.Values(i)[0].Int64;
                Assert.True(payments >= before[i], $"u{i} had {before[i]} payments, and has {payments}.");
                before[i] = payments;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), CancellationToken.None);
        }

        return asked;
    }

    /// <summary>Notes the parts with events that a silo is sent.</summary>
    private sealed class CountingReceiver(IShardReceiver receiver) : IShardReceiver
    {
        internal ConcurrentBag<(int Source, long From)> Parts { get; } = [];

        internal static CountingReceiver Of(SiloHost silo)
        {
            ShardInbox inbox = silo.Services.GetRequiredService<ShardInbox>();
            var counting = new CountingReceiver(inbox.Receiver!); // The silo has started.
            inbox.Receiver = counting;
            return counting;
        }

        public ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(
            string from, ShardMessage kind, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
        {
            if (kind == ShardMessage.Deliver)
            {
                var reader = new SnapshotReader(message.Span);
                DeliveryHeader header = DeliveryHeader.Read(ref reader);
                if (header.Delivered.To > header.Delivered.From)
                {
                    Parts.Add((header.Source, header.Delivered.From));
                }
            }

            return receiver.ReceiveAsync(from, kind, message, cancellationToken);
        }
    }
}
