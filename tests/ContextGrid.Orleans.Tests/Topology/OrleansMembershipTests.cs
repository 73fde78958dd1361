using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using ContextGrid.Orleans.Topology;
using ContextGrid.Runtime.Topology;
using ContextGrid.TestKit.Parts;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Tests.Topology;

/// <summary>Who takes part and who is dead, as real silos find it out.</summary>
public sealed class OrleansMembershipTests
{
    [Fact]
    public async Task Active_SilosComeLeaveAndCrash_AllSeeTheRest()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        SiloHost third = await cluster.StartAsync();
        SiloHost fourth = await cluster.StartAsync();
        (string crashed, string left) = (Address(third), Address(fourth));
        foreach (SiloHost silo in (SiloHost[])[first, second])
        {
            await RequireActiveAsync(silo, first, second, third, fourth);
            Assert.False(MembershipCases.View(silo).IsDead(crashed));
            Assert.False(MembershipCases.View(silo).IsDead(Address(silo)));
        }

        await fourth.DisposeAsync();
        await third.CrashAsync();
        foreach (SiloHost silo in (SiloHost[])[first, second])
        {
            await MembershipCases.UntilDeadAsync(silo, crashed);
            await MembershipCases.UntilDeadAsync(silo, left);
            await RequireActiveAsync(silo, first, second);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("127.0.0.1:x@1")]
    public async Task IsDead_NoAddressOfASilo_IsDead(string address)
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await cluster.StartAsync();
        Assert.True(MembershipCases.View(silo).IsDead(address));
    }

    // An owner that a store names, of a list of members that does not exist any more: by its age it may be alive.
    [Fact]
    public async Task IsDead_SiloOfAnotherList_OnceTheListWasReadAfterTheQuestion()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await cluster.StartAsync();
        SiloAddress self = silo.Address;
        string stranger = SiloAddress.New(self.Endpoint.Address, self.Endpoint.Port + 1, self.Generation)
            .ToParsableString();
        Assert.False(MembershipCases.View(silo).IsDead(stranger));
        await MembershipCases.UntilDeadAsync(silo, stranger);
    }

    [Fact]
    public async Task IsDead_OlderGenerationOfAMember_IsDead()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        await RequireActiveAsync(first, first, second);
        string older = SiloAddress.New(
            second.Address.Endpoint.Address, second.Address.Endpoint.Port, second.Address.Generation - 1)
            .ToParsableString();
        Assert.True(MembershipCases.View(first).IsDead(older));
    }

    [Fact]
    public async Task Redis_IsEmptied_SilosEndWithOneLineAndANewOneTakesThemForDead()
    {
        await using RedisProcess redis = await RedisProcess.StartAsync();
        await using var cluster = new ClusterFixture();
        SiloHost first = await StartAsync(cluster, redis);
        SiloHost second = await StartAsync(cluster, redis);
        await RequireActiveAsync(first, first, second);
        await redis.EmptyAsync();
        SiloHost third = await StartAsync(cluster, redis);
        foreach (SiloHost silo in (SiloHost[])[first, second])
        {
            Exception end = await Assert.ThrowsAnyAsync<Exception>(
                () => silo.Failed.WaitAsync(ClusterFixture.Limit));
            Assert.True(
                end is Runtime.Checkpoints.OwnerFencedException || end.Message.StartsWith(
                    "this silo can't go on: the list of members does not name it any more", StringComparison.Ordinal),
                end.Message);
            await MembershipCases.UntilDeadAsync(third, Address(silo));
        }

        Assert.False(third.Failed.IsCompleted);
        await RequireActiveAsync(third, third);
        foreach (SiloHost silo in (SiloHost[])[first, second, third])
        {
            await silo.DisposeAsync();
        }
    }

    // It has joined after the others have looked; their protocol may hear of it later than a store names it.
    [Fact]
    public async Task IsDead_SiloThatOnlyTheListKnows_IsNotDead()
    {
        var table = new SharedMembership();
        using OrleansMembership view = await StartAsync(table, new SiloFailure(), seenVersion: 1);
        SiloAddress joined = Silo(2);
        await InsertAsync(table, joined);
        string neverSeen = Silo(3).ToParsableString();
        var changed = new TaskCompletionSource();
        view.OnChange(() => changed.TrySetResult());
        Assert.False(view.IsDead(joined.ToParsableString()));
        Assert.False(view.IsDead(neverSeen));
        await changed.Task.WaitAsync(ClusterFixture.Limit);
        Assert.True(view.IsDead(neverSeen));
        Assert.False(view.IsDead(joined.ToParsableString()));
        await view.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task List_IsAnOlderOne_SiloEnds()
    {
        var failure = new SiloFailure();
        using OrleansMembership view = await StartAsync(new SharedMembership(), failure, seenVersion: 10);
        await Assert.ThrowsAsync<InvalidOperationException>(() => failure.Failed.WaitAsync(ClusterFixture.Limit));
        await view.StopAsync(CancellationToken.None);
    }

    private static SiloAddress Silo(int port) => SiloAddress.New(IPAddress.Loopback, port, 1_000);

    private static async Task InsertAsync(SharedMembership table, SiloAddress silo)
    {
        TableVersion version = (await table.ReadAll()).Version;
        Assert.True(await table.InsertRow(
            new MembershipEntry { SiloAddress = silo, Status = SiloStatus.Active }, version.Next()));
    }

    private static async Task<OrleansMembership> StartAsync(
        SharedMembership table, SiloFailure failure, int seenVersion)
    {
        SiloAddress self = Silo(1);
        await InsertAsync(table, self);
        var members = ImmutableDictionary<SiloAddress, ClusterMember>.Empty.Add(
            self, new ClusterMember(self, SiloStatus.Active, "self"));
        var view = new OrleansMembership(
            new FixedMembers(new ClusterMembershipSnapshot(members, new MembershipVersion(seenVersion))), table,
            new FixedSilo(self), failure, TimeProvider.System, NullLogger<OrleansMembership>.Instance);
        await view.StartAsync(CancellationToken.None);
        return view;
    }

    private static string Address(SiloHost silo) => silo.Address.ToParsableString();

    private static Task<SiloHost> StartAsync(ClusterFixture cluster, RedisProcess redis) =>
        cluster.StartAsync(change: o => o with { Membership = null, Redis = redis.Address });

    private static Task RequireActiveAsync(SiloHost asked, params SiloHost[] silos)
    {
        string[] expected = [.. silos.Select(Address).Order(StringComparer.Ordinal)];
        return MembershipCases.UntilAsync(
            asked, v => v.Active.SequenceEqual(expected), string.Create(
                CultureInfo.InvariantCulture, $"{asked.Address} does not see {expected.Length} silos."));
    }

    private sealed class FixedMembers(ClusterMembershipSnapshot members) : IClusterMembershipService
    {
        public ClusterMembershipSnapshot CurrentSnapshot => members;

        public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates =>
            AsyncEnumerable.Empty<ClusterMembershipSnapshot>();

        public ValueTask Refresh(MembershipVersion minimumVersion = default) => default;

        public ValueTask Refresh(MembershipVersion minimumVersion, CancellationToken cancellationToken) => default;

        public Task<bool> TryKill(SiloAddress siloAddress) => Task.FromResult(false);
    }

    private sealed class FixedSilo(SiloAddress address) : ILocalSiloDetails
    {
        public string Name => "self";

        public string ClusterId => "test";

        public string DnsHostName => "localhost";

        public SiloAddress SiloAddress => address;

        public SiloAddress GatewayAddress => address;
    }
}
