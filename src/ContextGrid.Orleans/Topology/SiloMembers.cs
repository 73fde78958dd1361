using System.Net;
using Azure.Data.Tables;
using ContextGrid.Runtime.Topology;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using StackExchange.Redis;

namespace ContextGrid.Orleans.Topology;

/// <summary>Chooses where the list of members is and how soon a silo counts as dead, and adds what carries messages
/// between silos.</summary>
internal static class SiloMembers
{
    // A probe starts every half second and waits as long for its answer: Orleans takes half of this time where answers
    // come quickly, and at most the maximum. Three in a row that fail are one vote. Two votes are a death, or one where
    // the other voters have given no sign of life in the list for AliveInterval x AliveMissesMax: so the last of three
    // silos goes on. The clocks of the silos have to agree to within a second or two for that.
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);

    /// <summary>The time between the signs of life of a silo in the list of members.</summary>
    internal static readonly TimeSpan AliveInterval = TimeSpan.FromSeconds(1);

    private const int ProbeMissesMax = 3;
    private const int AliveMissesMax = 3;

    // A silo that stands still keeps its connections. As long as they have brought something within three times this
    // time, votes are held back: a silo that only lacks processor time is not dead.
    private static readonly TimeSpan ProbeTimeoutMax = TimeSpan.FromSeconds(1.5);

    // Changes come by gossip at once; the list is read for what gossip has lost.
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(2);

    /// <summary>Adds all of it.</summary>
    internal static void Use(ISiloBuilder silo, SiloOptions options, int port)
    {
        if (options.Membership is { } membership)
        {
            membership(silo);
        }
        else if (options.Redis is { } redis)
        {
            silo.UseRedisClustering(r => r.ConfigurationOptions = ConfigurationOptions.Parse(redis));
        }
        else if (options.Tables is { } tables)
        {
            silo.UseAzureStorageClustering(t => t.TableServiceClient = new TableServiceClient(tables));
        }
        else
        {
            silo.UseDevelopmentClustering(options.Primary ?? new IPEndPoint(options.Address, port));
        }

        silo.Configure<ClusterMembershipOptions>(Tune);
        silo.AddGrainService<ShardService>();
        silo.Services.AddSingleton<ShardInbox>();
        silo.Services.AddSingleton<ShardServices>();
        silo.Services.AddSingleton<OrleansMembership>();
        silo.Services.AddSingleton<IMembershipView>(s => s.GetRequiredService<OrleansMembership>());
        silo.Services.AddSingleton<OrleansTransport>();
        silo.Services.AddSingleton<IShardTransport>(s => s.GetRequiredService<OrleansTransport>());
    }

    private static void Tune(ClusterMembershipOptions members)
    {
        (members.ProbeTimeout, members.MaxProbeTimeout) = (ProbeTimeout, ProbeTimeoutMax);
        members.NumMissedProbesLimit = ProbeMissesMax;
        members.IAmAliveTablePublishTimeout = AliveInterval;
        members.NumMissedTableIAmAliveLimit = AliveMissesMax;
        members.TableRefreshTimeout = RefreshInterval;
    }
}
