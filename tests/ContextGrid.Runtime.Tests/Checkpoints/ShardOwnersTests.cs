using System.Text;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Shards;
using ContextGrid.TestKit.Checkpoints;
using static ContextGrid.Runtime.Tests.Checkpoints.CheckpointFixture;

namespace ContextGrid.Runtime.Tests.Checkpoints;

/// <summary>Several owners on one store; the oracle is a plain dictionary of keys and values.</summary>
public sealed class ShardOwnersTests
{
    private const int Shards = 4;
    private const int Keys = 40;

    private readonly FaultySnapshotStore _store = new();
    private readonly SortedDictionary<string, string> _model = new(StringComparer.Ordinal);

    [Fact]
    public async Task HandOver_ThereAndBack_NewestStateCounts()
    {
        await using CheckpointStore a = await OpenAsync(_store, "a");
        await using CheckpointStore b = await JoinAsync("b");
        await ChangeAsync(a, "there", Keys);
        await MoveAsync(a, b, ShardSet.All(2));
        await ChangeAsync(b, "with b", Keys);
        await ChangeAsync(a, "still with a", Keys);
        await CheckAsync("there", a, b);
        await MoveAsync(b, a, b.Held);
        Assert.Equal((Shards, 0), (a.Held.Count, b.Held.Count));
        await CheckAsync("back", a, b);
        await ChangeAsync(a, "back with a", 7);
        await CheckAsync("changed", a, b);
    }

    [Fact]
    public async Task TakeOver_OwnerWakesUpAfterwards_IsFencedAndNothingOfItCounts()
    {
        CheckpointStore dead = await OpenAsync(_store, "dead");
        await ChangeAsync(dead, "kept", Keys);
        await using CheckpointStore next = await JoinAsync("next");
        await TakeAsync(next, dead.Held);
        await Assert.ThrowsAsync<OwnerFencedException>(() => PublishAsync(dead, 9, ("k1", "of a dead owner")));
        Assert.Equal(Shards, next.Held.Count);
        Assert.DoesNotContain(next.Ownership.Owners, o => o.Name == "dead");
        await CheckAsync("taken over", next);
        await dead.DisposeAsync();
    }

    /// <summary>The owner in between dies before a manifest of its own names the shards: the base counts.</summary>
    [Fact]
    public async Task TakeOver_OwnerDiedBeforeItsManifestNamedTheShards_TakesTheirBase()
    {
        await using CheckpointStore a = await OpenAsync(_store, "a");
        await ChangeAsync(a, "of a", Keys);
        CheckpointStore dead = await JoinAsync("dead");
        Assert.True(await a.HandOverAsync(
            ShardSet.All(2).Shards().ToDictionary(s => s, _ => dead.Epoch),
            default,
            leaves: false,
            CancellationToken.None));
        for (int i = 0; i < 6; i++)
        {
            await PublishAsync(a, i); // What the base names has to stay.
        }

        await using CheckpointStore next = await JoinAsync("next");
        await TakeAsync(next, ShardSet.All(2));
        await CheckAsync("base", a, next);
        await dead.DisposeAsync();
    }

    [Fact]
    public async Task Adopt_OwnerHadNotBroughtShardBack_IsLost()
    {
        await using CheckpointStore a = await OpenAsync(_store, "a");
        await PublishAsync(a, 1);
        CheckpointStore b = await JoinAsync("b");
        Assert.True(await a.HandOverAsync(
            new Dictionary<int, long> { [0] = b.Epoch, [1] = b.Epoch },
            new ShardSet().With(1),
            leaves: false,
            CancellationToken.None));
        await b.RefreshOwnershipAsync(CancellationToken.None);
        ShardSet both = new ShardSet().With(0).With(1);
        Assert.Equal([false, true], (await b.AdoptAsync(both, CancellationToken.None)).Select(s => s.IsLost));
        await PublishAsync(b, 2);
        await b.DisposeAsync();

        await using CheckpointStore c = await JoinAsync("c");
        Assert.Equal(both, await c.TakeOverAsync(both, CancellationToken.None));
        Assert.All(await c.AdoptAsync(both, CancellationToken.None), s => Assert.True(s.IsLost));
    }

    [Fact]
    public async Task HandOver_OwnerLeaves_NobodyGivesItShardsAgain()
    {
        await using CheckpointStore a = await OpenAsync(_store, "a");
        CheckpointStore b = await JoinAsync("b");
        Assert.True(await a.HandOverAsync(
            ShardSet.All(Shards).Shards().ToDictionary(s => s, _ => b.Epoch), default, leaves: true,
            CancellationToken.None));
        Assert.False(a.Ownership.HasOwner(a.Epoch));
        await b.RefreshOwnershipAsync(CancellationToken.None);
        await b.AdoptAsync(ShardSet.All(Shards), CancellationToken.None);
        Assert.False(await b.HandOverAsync(
            new Dictionary<int, long> { [1] = a.Epoch }, default, leaves: false, CancellationToken.None));
        await b.DisposeAsync();
    }

    [Fact]
    public async Task HandOver_OwnerIsNotKnown_KeepsTheShards()
    {
        await using CheckpointStore a = await OpenAsync(_store, "a");
        Assert.False(await a.HandOverAsync(
            new Dictionary<int, long> { [1] = 77 }, default, leaves: false, CancellationToken.None));
        Assert.Equal(Shards, a.Held.Count);
    }

    [Fact]
    public async Task Publish_HeldShardIsMissing_Throws()
    {
        await using CheckpointStore a = await OpenAsync(_store, "a");
        using CheckpointBuilder builder = a.BeginCheckpoint();
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await builder.PublishAsync(CheckpointContent.Empty, CancellationToken.None));
    }

    [Fact]
    public async Task OpenAndPublish_OneAndManyShards_MakeEquallyManyCalls()
    {
        var calls = new HashSet<int>();
        foreach (int shards in new[] { 1, 256 })
        {
            var store = new FaultySnapshotStore();
            for (int start = 0; start < 2; start++)
            {
                await using CheckpointStore opened = await CheckpointStore.OpenAsync(
                    store, "owner", TimeProvider.System, Small with { ShardCount = shards }, CancellationToken.None);
                Assert.Equal(shards, opened.ShardCount);
                await PublishAsync(opened, 1, ("a", "one"));
                await PublishAsync(opened, 2, ("a", "two"), ("b", "two"));
            }

            calls.Add(store.Calls);
        }

        Assert.Single(calls);
    }

    [Fact]
    public async Task Open_StateOfVersion1_IsRefusedUntilRebuild()
    {
        await _store.PutAsync("manifests/00000000000000000007", new byte[9], PutCondition.Absent, default);
        var refused = await Assert.ThrowsAsync<SnapshotStoreException>(async () => await OpenAsync(_store));
        Assert.Contains("--rebuild", refused.Message, StringComparison.Ordinal);
        await using (await CheckpointStore.OpenAsync(
            _store, "new", TimeProvider.System, Small, new CheckpointOpening { Forget = true }, CancellationToken.None))
        {
        }

        await using CheckpointStore opened = await OpenAsync(_store);
        Assert.Equal(2, opened.Epoch);
    }

    [Theory]
    [InlineData(SnapshotFault.DeathBefore)]
    [InlineData(SnapshotFault.DeathAfter)]
    [InlineData(SnapshotFault.UnknownButDone)]
    [InlineData(SnapshotFault.UnknownNotDone)]
    [InlineData(SnapshotFault.Conflict)]
    [InlineData(SnapshotFault.Away)]
    public async Task Move_FaultAtEveryCall_LosesNothing(SnapshotFault fault)
    {
        for (int call = 1, struck = 1; struck > 0; call++)
        {
            var test = new ShardOwnersTests();
            struck = await test.MoveWithFaultAsync(fault, call) ? 1 : 0;
        }
    }

    [Fact]
    public async Task Run_RandomMovesDeathsAndMerges_EqualsADictionary()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            await new ShardOwnersTests().RunAsync(new Random(seed), $"seed {seed}");
        }
    }

    private async Task<bool> MoveWithFaultAsync(SnapshotFault fault, int call)
    {
        CheckpointStore a = await OpenAsync(_store, "a"), b = await JoinAsync("b");
        await ChangeAsync(a, "first", Keys);
        (_store.Fault, _store.FaultAt) = (fault, _store.Calls + call);
        try
        {
            await RepeatAsync(() => MoveAsync(a, b, ShardSet.All(2)));
            await RepeatAsync(() => PublishAsync(b, 3));
            await RepeatAsync(() => TakeAsync(b, a.Held));
            await RepeatAsync(() => PublishAsync(b, 4));
        }
        catch (SimulatedDeathException)
        {
            // Both are dead: the next one takes all.
        }

        bool struck = _store.HasStruck;
        _store.Revive();
        await using CheckpointStore next = await OpenAsync(_store, "next");
        await CheckAsync($"{fault} at call {call}", next);
        await Assert.ThrowsAsync<OwnerFencedException>(() => PublishAsync(a, 9, ("k1", "of a")));
        await Assert.ThrowsAsync<OwnerFencedException>(() => PublishAsync(b, 9, ("k1", "of b")));
        return struck;
    }

    private static async Task RepeatAsync(Func<Task> act)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await act();
                return;
            }
            catch (SnapshotStoreException) when (attempt < 3)
            {
                // The store was away for one call: the same again.
            }
        }
    }

    private async Task RunAsync(Random random, string seed)
    {
        List<CheckpointStore> owners = [await OpenAsync(_store, "0")];
        var dead = new List<CheckpointStore>();
        for (int step = 0; step < 60; step++)
        {
            CheckpointStore one = owners[random.Next(owners.Count)], other = owners[random.Next(owners.Count)];
            switch (random.Next(0, 10))
            {
                case 0 when owners.Count < 3:
                    owners.Add(await JoinAsync($"{step}"));
                    break;
                case 1 when one != other:
                    owners.Remove(one);
                    dead.Add(one);
                    await TakeAsync(other, one.Held);
                    break;
                case 2 or 3 when one != other && !one.Held.IsEmpty:
                    await MoveAsync(one, other, ShardSet.Of(one.Held.Shards().Where(_ => random.Next(2) == 0)));
                    break;
                default:
                    await ChangeAsync(one, $"{step} {new string('x', random.Next(300))}", random.Next(0, 12), random);
                    break;
            }

            await CheckAsync($"{seed}, step {step}", [.. owners]);
        }

        foreach (CheckpointStore zombie in dead.Where(d => !d.Held.IsEmpty))
        {
            await Assert.ThrowsAsync<OwnerFencedException>(() => PublishAsync(zombie, 9, ("k1", "of a dead owner")));
        }

        await using CheckpointStore all = await OpenAsync(_store, "all");
        await CheckAsync(seed, all);
        Assert.True(_model.SequenceEqual(await ReadAsync(all)), seed);
    }

    private ValueTask<CheckpointStore> JoinAsync(string name) => CheckpointStore.JoinAsync(
        _store, name, name, TimeProvider.System, Small, _ => default, CancellationToken.None);

    private static async Task MoveAsync(CheckpointStore from, CheckpointStore to, ShardSet shards)
    {
        await PublishAsync(from, 1);
        Assert.True(await from.HandOverAsync(
            shards.Shards().ToDictionary(s => s, _ => to.Epoch), default, leaves: false, CancellationToken.None));
        await to.RefreshOwnershipAsync(CancellationToken.None);
        await to.AdoptAsync(shards, CancellationToken.None);
        Assert.True(shards.Except(to.Held).IsEmpty);
    }

    private static async Task TakeAsync(CheckpointStore by, ShardSet shards)
    {
        Assert.Equal(shards, await by.TakeOverAsync(shards, CancellationToken.None));
        await by.AdoptAsync(shards, CancellationToken.None);
        Assert.True(shards.Except(by.Held).IsEmpty);
    }

    private async Task ChangeAsync(CheckpointStore owner, string value, int changes, Random? random = null)
    {
        using CheckpointBuilder builder = owner.BeginCheckpoint();
        for (int i = 0; i < changes; i++)
        {
            string key = $"k{random?.Next(Keys) ?? i}";
            if (!owner.Held.Contains(ShardOf(key)))
            {
                continue;
            }

            if (random?.Next(4) == 0)
            {
                builder.Delete(key);
                _model.Remove($"user/{key}");
            }
            else
            {
                builder.Add(key, value);
                _model[$"user/{key}"] = value;
            }
        }

        await builder.PublishAsync(At(owner, 1), CancellationToken.None);
    }

    private async Task CheckAsync(string when, params CheckpointStore[] owners)
    {
        for (int i = 0; i < Keys; i++)
        {
            string key = $"k{i}";
            CheckpointStore owner = Assert.Single(owners, o => o.Held.Contains(ShardOf(key)));
            byte[] type = "user"u8.ToArray(), bytes = Encoding.UTF8.GetBytes(key);
            var name = new StoredKey(type, bytes, SegmentFormat.HashOf(type, bytes), ShardOf(key));
            StoredRecord found = await owner.FindAsync(owner.View, name, CancellationToken.None);
            string? value = found.Outcome == StoredOutcome.Found ? Encoding.UTF8.GetString(found.Snapshot.Span) : null;
            Assert.True(
                found.Outcome != StoredOutcome.Gone && value == _model.GetValueOrDefault($"user/{key}"),
                $"{when}: {key} is {found.Outcome} '{value}', not '{_model.GetValueOrDefault($"user/{key}")}'");
        }
    }

    private static int ShardOf(string key) => ShardMap.ShardOf(Encoding.UTF8.GetBytes(key), Shards);
}
