using System.Globalization;
using System.Text;
using ContextGrid.Adapters.AzureBlob;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.TestKit.Parts;

namespace ContextGrid.Adapters.Tests.AzureBlob;

/// <summary>Checkpoints on Azurite: owners fence each other, and what is called durable is there, whatever the network
/// does.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class AzureBlobCheckpointTests(AzuriteFixture azurite)
{
    private static readonly CheckpointOptions Small = new()
    {
        SegmentBytesMax = 4096, SmallSegmentsMax = 2, MergeInPublish = true,
    };

    private readonly string _prefix = azurite.NewPrefix();

    [Fact]
    public async Task Publish_AfterAnotherOpened_IsFencedForGood()
    {
        await using CheckpointStore old = await OpenAsync(await azurite.OpenAsync(_prefix), "old");
        await PublishAsync(old, 1, ("a", "kept"));
        await using CheckpointStore next = await OpenAsync(await azurite.OpenAsync(_prefix), "next");
        Assert.True(next.Epoch > old.Epoch);
        var fenced = await Assert.ThrowsAsync<OwnerFencedException>(() => PublishAsync(old, 2, ("a", "lost")));
        Assert.Contains("'next'", fenced.Message, StringComparison.Ordinal);
        await PublishAsync(next, 3, ("b", "kept"));
        await Assert.ThrowsAsync<OwnerFencedException>(() => PublishAsync(old, 4, ("a", "lost")));
        Assert.Equal(["a=kept", "b=kept"], await ReadAsync());
    }

    [Fact]
    public async Task Publish_PausedUntilItsGenerationWasCollected_IsFencedAndDeletesNothing()
    {
        await using CheckpointStore old = await OpenAsync(await azurite.OpenAsync(_prefix), "old");
        await PublishAsync(old, 1, ("a", "first"));
        await using (CheckpointStore next = await OpenAsync(await azurite.OpenAsync(_prefix), "next"))
        {
            for (int i = 0; i < 8; i++)
            {
                await PublishAsync(next, i, ("b", $"{i}"));
            }
        }

        await Assert.ThrowsAsync<OwnerFencedException>(() => PublishAsync(old, 9, ("a", "lost")));
        Assert.Equal(["a=first", "b=7"], await ReadAsync());
    }

    [Fact]
    public async Task Open_ManyAtOnce_OneOwnsInTheEnd()
    {
        ISnapshotStore store = await azurite.OpenAsync(_prefix);
        CheckpointStore[] owners = await Task.WhenAll(
            Enumerable.Range(0, 5).Select(i => OpenAsync(store, $"owner{i}").AsTask()));
        int published = 0;
        foreach (CheckpointStore owner in owners.OrderBy(o => o.Epoch))
        {
            try
            {
                await PublishAsync(owner, 1, ("a", owner.Current.OwnerId));
                published++;
            }
            catch (OwnerFencedException)
            {
                // All but the newest.
            }

            await owner.DisposeAsync();
        }

        Assert.Equal(1, published);
        Assert.Single(await ReadAsync());
    }

    [Theory]
    [InlineData("limit_data", "downstream")]
    [InlineData("limit_data", "upstream")]
    [InlineData("timeout", "upstream")]
    public async Task Publish_OtherTakesOverDuringAFault_NothingOfTheOldOneCounts(string fault, string stream)
    {
        ToxicRoute route = await azurite.RouteAsync();
        await using CheckpointStore old = await OpenAsync(
            await azurite.OpenAsync(_prefix, route.Port, AzuriteFixture.Impatient), "old");
        await PublishAsync(old, 1, ("a", "kept"));
        string toxic = await route.AddAsync(
            fault, stream, fault == "timeout" ? new { timeout = 0 } : new { bytes = 0 });
        await Assert.ThrowsAsync<SnapshotStoreException>(() => PublishAsync(old, 2, ("a", "never durable")));
        await using CheckpointStore next = await OpenAsync(await azurite.OpenAsync(_prefix), "next");
        await route.RemoveAsync(toxic);
        await Assert.ThrowsAsync<OwnerFencedException>(() => PublishAsync(old, 3, ("a", "lost")));
        await PublishAsync(next, 4, ("b", "kept"));
        Assert.Equal(["a=kept", "b=kept"], await ReadAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Publish_NetworkBreaksAgainAndAgain_EveryDurableOneIsThere(int seed)
    {
        var random = new Random(seed);
        ToxicRoute route = await azurite.RouteAsync();
        CheckpointStore checkpoints = await OpenAsync(
            await azurite.OpenAsync(_prefix, route.Port, AzuriteFixture.Impatient), "owner");
        var model = new SortedDictionary<string, string>(StringComparer.Ordinal);
        ISnapshotStore direct = await azurite.OpenAsync(_prefix);
        int durable = 0, failed = 0;
        for (int i = 0; i < 40; i++)
        {
            string? toxic = await BreakAsync(route, random);
            model[$"k{random.Next(0, 12)}"] = $"{i}-{new string('x', random.Next(0, 700))}";
            try
            {
                // As a checkpointer does it: what failed stays changed and comes with the next one.
                long generation = await PublishAsync(checkpoints, i, [.. model.Select(m => (m.Key, m.Value))]);
                Assert.Equal(generation, await NewestAsync(direct));
                durable++;
            }
            catch (SnapshotStoreException)
            {
                failed++;
            }

            await (toxic is null ? Task.CompletedTask : route.RemoveAsync(toxic));
            if (toxic is not null && random.Next(0, 3) == 0)
            {
                await checkpoints.DisposeAsync(); // A crash, and the next process.
                checkpoints = await OpenAsync(
                    await azurite.OpenAsync(_prefix, route.Port, AzuriteFixture.Impatient), "owner");
            }
        }

        await PublishAsync(checkpoints, 40, [.. model.Select(m => (m.Key, m.Value))]);
        await checkpoints.DisposeAsync();
        Assert.Equal(model.Select(m => $"{m.Key}={m.Value}").Order(StringComparer.Ordinal), await ReadAsync());
        Assert.True(durable > 5 && failed > 5, $"{durable} durable, {failed} failed: the faults do not reach both.");
    }

    private static async Task<string?> BreakAsync(ToxicRoute route, Random random) => random.Next(0, 8) switch
    {
        0 => await route.AddAsync("limit_data", "downstream", new { bytes = 0 }),
        1 => await route.AddAsync("limit_data", "upstream", new { bytes = random.Next(200, 3_000) }),
        2 => await route.AddAsync("limit_data", "downstream", new { bytes = random.Next(100, 2_000) }),
        3 => await route.AddAsync("reset_peer", "downstream", new { timeout = random.Next(0, 20) }),
        4 => await route.AddAsync("latency", "downstream", new { latency = 20, jitter = 20 }),
        _ => null,
    };

    private static async Task<long> NewestAsync(ISnapshotStore store)
    {
        string newest = (await store.ListAsync("manifests/", CancellationToken.None))[^1].Name;
        return long.Parse(newest[(newest.LastIndexOf('/') + 1)..], CultureInfo.InvariantCulture);
    }

    private static ValueTask<CheckpointStore> OpenAsync(ISnapshotStore store, string owner) =>
        CheckpointStore.OpenAsync(store, owner, TimeProvider.System, Small, CancellationToken.None);

    private static async Task<long> PublishAsync(
        CheckpointStore checkpoints, long offset, params (string Key, string Value)[] entities)
    {
        using CheckpointBuilder builder = checkpoints.BeginCheckpoint();
        foreach ((string key, string value) in entities)
        {
            builder.Add("user", Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));
        }

        CheckpointContent content = checkpoints.Current.Content with
        {
            Sources = [new SourceProgress("payments", 0, offset, [])],
        };
        return await builder.PublishAsync(content, CancellationToken.None);
    }

    private async Task<IEnumerable<string>> ReadAsync()
    {
        await using CheckpointStore checkpoints = await OpenAsync(await azurite.OpenAsync(_prefix), "reader");
        var found = new SortedSet<string>(StringComparer.Ordinal);
        int entities = 0;
        await checkpoints.ReadAllAsync(
            (_, key, snapshot) =>
            {
                entities++;
                found.Add($"{Encoding.UTF8.GetString(key)}={Encoding.UTF8.GetString(snapshot)}");
            },
            CancellationToken.None);
        Assert.Equal(entities, found.Count);
        return found;
    }
}
