using System.Globalization;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Queries;
using ContextGrid.Orleans;
using ContextGrid.Orleans.Replay;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Shards;
using ContextGrid.Runtime.Topology;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;

namespace ContextGrid.Orleans.Tests;

/// <summary>Silos in this process, on one file log and one directory of state, and what was published.</summary>
internal sealed class ClusterFixture : IAsyncDisposable
{
    internal static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    internal const string Definitions = """
        version: 1
        events:
          payment: {topic: payments, id: id, key: user, fields: {id: string, user: string, shop: string, n: int64}}
        entities:
          user:
            from: {payment: user}
            features:
              payments: payment | count()
              total: payment | sum(n)
              shops: payment | count() by shop top 3
              newest: payment | last_n(shop, 3)
              mean: total / payments
          shop: {from: {payment: shop}, features: {sold: payment | count()}}

        """;

    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-cluster-").FullName;
    private readonly Dictionary<string, (long Count, long Total)> _users = new(StringComparer.Ordinal);
    private readonly SharedMembership _members = new();
    private long _published;

    internal ClusterFixture(
        Func<FileEventLogOptions, FileEventLogOptions>? change = null, DefinitionSet? definitions = null)
    {
        Set = definitions ?? DefinitionFiles.Parse("definitions.yaml", Definitions).Set!; // They are right.
        var options = new FileEventLogOptions
        {
            Directory = Path.Combine(_root, "log"),
            Topics = new Dictionary<string, int>(Set.Topics.Select(t => KeyValuePair.Create(t, 4)))
            {
                ["dead-letters"] = 1,
            },
        };
        Log = FileEventLog.Open(change?.Invoke(options) ?? options, TimeProvider.System, NullLogger.Instance);
        Held = new HeldLog(Log);
    }

    internal DefinitionSet Set { get; }

    internal FileEventLog Log { get; }

    /// <summary>The log as silos read it.</summary>
    internal HeldLog Held { get; }

    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    /// <summary>Starts a silo.</summary>
    /// <param name="flushInterval">The time between checkpoints; null: half a second.</param>
    /// <param name="replay">What replays may take; null: the default.</param>
    /// <param name="change">Changes the options; null: they stay.</param>
    /// <param name="logs">Takes what it logs; null: nobody does.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    internal Task<SiloHost> StartAsync(
        TimeSpan? flushInterval = null,
        ReplayOptions? replay = null,
        Func<SiloOptions, SiloOptions>? change = null,
        ILoggerProvider? logs = null,
        CancellationToken cancellationToken = default)
    {
        var options = new SiloOptions
        {
            Host = new EmbeddedHostOptions
            {
                Definitions = Set,
                DataDirectory = "",
                Log = _ => new(Held),
                Snapshots = Place(OpenState()),
                CheckpointInterval = flushInterval ?? TimeSpan.FromMilliseconds(500),
                Metrics = new GridMetrics(),
            },
            Port = 0,
            Membership = silo => silo.Services.AddSingleton<IMembershipTable>(_members),
            Replay = replay ?? new ReplayOptions(),
        };
        return SiloHost.StartAsync(
            change is null ? options : change(options),
            TimeProvider.System,
            logging =>
            {
                logging.SetMinimumLevel(logs is null ? LogLevel.None : LogLevel.Warning);
                if (logs is not null)
                {
                    logging.AddProvider(logs);
                }
            },
            cancellationToken);
    }

    /// <summary>A store as a place of checkpoints.</summary>
    internal static SnapshotPlace Place(ISnapshotStore store) =>
        new() { Name = "the store of the test", OpenAsync = _ => new(store) };

    /// <summary>Waits until silos have all shards, each about as many, and know of each other's.</summary>
    internal static async Task BalanceAsync(params SiloHost[] silos)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            int[] open = [.. silos.Select(s => s.Shards.Grid.Positions.Open.Count)];
            int versions = silos.Select(s => TopologyOf(s).Routes.Version).Distinct().Count();
            if (open.Sum() == ShardMap.CountDefault && open.Max() - open.Min() <= 1 && versions == 1)
            {
                return;
            }

            Assert.False(limit.IsCancellationRequested, $"The silos have {string.Join(", ", open)} shards.");
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
    }

    /// <summary>What a silo knows of the others' shards.</summary>
    internal static ClusterTopology TopologyOf(SiloHost silo) => (ClusterTopology)silo.Grid;

    /// <summary>The silos that a silo knows to be active.</summary>
    internal static IReadOnlyList<string> ActiveOf(SiloHost silo) =>
        silo.Services.GetRequiredService<IMembershipView>().Active;

    /// <summary>Publishes payments of users in turn.</summary>
    internal async Task<RecordPosition[]> PublishAsync(int users, int events)
    {
        var records = new List<LogRecord>();
        for (int i = 0; i < events; i++)
        {
            long n = _published++;
            string user = string.Create(CultureInfo.InvariantCulture, $"u{n % users}");
            string json = $$"""{"id":"p{{n}}","user":"{{user}}","shop":"s{{n % 7}}","n":{{n}}}""";
            records.Add(new LogRecord(
                -1, 1_700_000_000_000 + n, Encoding.UTF8.GetBytes(user), Encoding.UTF8.GetBytes(json), default));
            (long count, long total) = _users.GetValueOrDefault(user);
            _users[user] = (count + 1, total + n);
        }

        var positions = new RecordPosition[events];
        await Log.AppendAsync("payments", records.ToArray(), positions, CancellationToken.None);
        return positions;
    }

    /// <summary>Where all silos have their state.</summary>
    internal string State => At("state");

    /// <summary>A path beside it.</summary>
    internal string At(string name) => Path.Combine(_root, name);

    /// <summary>Opens what is there.</summary>
    internal DirectorySnapshotStore OpenState() => DirectorySnapshotStore.Open(State, TimeProvider.System);

    /// <summary>Waits until a silo answers for every user what was published.</summary>
    internal async Task RequireAsync(SiloHost silo)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            string? wrong = await WrongAsync(silo);
            if (wrong is null)
            {
                return;
            }

            Assert.False(limit.IsCancellationRequested, wrong);
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
    }

    private async Task<string?> WrongAsync(SiloHost silo)
    {
        var query = new ContextQuery();
        var answer = new ContextAnswer();
        foreach (string[] users in _users.Keys.Chunk(500))
        {
            query.Clear();
            query.Selections.Add(FeatureSelection.Of(silo.Grid.Plans[1], ["payments", "total"]));
            query.Head = QueryHead.Newest;
            Array.ForEach(users, u => query.Add(0, Encoding.UTF8.GetBytes(u)));
            try
            {
                await silo.Reader.ReadAsync(query, answer, CancellationToken.None);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                return e.ToString();
            }

            for (int i = 0; i < users.Length; i++)
            {
                (long count, long total) found = (answer.Values(i)[0].Int64, answer.Values(i)[1].Int64);
                if (found != _users[users[i]] || answer.Statuses(i)[0] == FeatureStatus.Rebuilding)
                {
                    return $"{users[i]} is {found} ({answer.Statuses(i)[0]}), not {_users[users[i]]}.";
                }
            }
        }

        return null;
    }
}
