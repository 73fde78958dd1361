using ContextGrid.Orleans.Replay;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Orleans.Tests;

/// <summary>Runs replays, and compares what they have rebuilt.</summary>
internal static class ReplayChecks
{
    /// <summary>All users.</summary>
    internal static readonly ReplayRequest All = new("user", "2");

    /// <summary>A partition.</summary>
    internal static TopicPartition Partition(int number) => new("payments", number);

    /// <summary>Runs replays to their ends, one after the other.</summary>
    internal static async Task<ReplayStatus> RunAsync(SiloHost silo, params ReplayRequest[] requests)
    {
        ReplayStatus? last = null;
        foreach (ReplayRequest request in requests)
        {
            string id = $"{request.Type}-{request.Version}";
            Assert.Equal(ReplayReply.Done, await silo.Replays.StartAsync(id, request));
            last = await RequireAsync(silo, id, s => s.Phase == ReplayPhase.Finished);
        }

        return last!;
    }

    /// <summary>Waits until a status is as wanted.</summary>
    internal static async Task<ReplayStatus> RequireAsync(SiloHost silo, string id, Func<ReplayStatus, bool> holds)
    {
        ReplayStatus? status = null;
        await RequireAsync(silo, async () =>
        {
            status = await silo.Replays.StatusAsync(id);
            return status is not null && holds(status);
        });
        return status!;
    }

    /// <summary>Waits until something is true.</summary>
    internal static async Task RequireAsync(SiloHost silo, Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        while (true)
        {
            string wrong = "It does not come true.";
            try
            {
                if (await holds())
                {
                    return;
                }
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                wrong = e.ToString(); // A silo that has just died.
            }

            Assert.False(
                limit.IsCancellationRequested, wrong + "\n" + string.Join('\n', await silo.Replays.ListAsync()));
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }

    /// <summary>Compares a shadow version with what Core gives for the wanted keys.</summary>
    internal static async Task RequireShadowAsync(
        ClusterFixture cluster, SiloHost silo, ReplayRequest request, Func<string, bool> wanted) =>
        await RequireShadowAsync(await EntityStates.ByCoreAsync(cluster), silo, request, wanted);

    internal static async Task RequireShadowAsync(
        Dictionary<string, byte[]> byCore, SiloHost silo, ReplayRequest request, Func<string, bool> wanted)
    {
        string kind = ShadowStore.KindOf(request.Type, request.Version), prefix = request.Type + "/";
        var expected = byCore.ToDictionary(
            e => e.Key,
            e => e.Key.StartsWith(prefix, StringComparison.Ordinal) && wanted(e.Key[prefix.Length..]) ? e.Value : []);
        Assert.Contains(expected.Values, e => e.Length > 0);
        Assert.Equal(expected, await EntityStates.ShadowsAsync(kind, expected.Keys, silo));
    }
}
