using System.Collections.Concurrent;
using System.Text;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Topology;
using ContextGrid.TestKit.Checkpoints;
using ContextGrid.TestKit.Logs;
using Microsoft.Extensions.Logging.Abstractions;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.Topology;

/// <summary>Hosts that share one log and one store, with members and messages in the hands of the test.</summary>
internal sealed class SharedHosts : IAsyncDisposable
{
    internal const int Partitions = 4;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string _directory = Directory.CreateTempSubdirectory("contextgrid-shared-").FullName;
    private readonly FileEventLog _log;
    private readonly ConcurrentDictionary<string, IShardReceiver> _receivers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, EmbeddedHost> _hosts = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private Action? _changed;
    private string[] _active = [];
    private long _published;

    internal SharedHosts() => _log = FileEventLog.Open(
        new FileEventLogOptions
        {
            Directory = _directory,
            Topics = new Dictionary<string, int> { ["payments"] = Partitions, [DeadLetterTopic.Name] = 1 },
        },
        TimeProvider.System,
        NullLogger<FileEventLog>.Instance);

    /// <summary>The store of all.</summary>
    internal FaultySnapshotStore Store { get; } = new();

    /// <summary>How many messages of each kind were sent.</summary>
    internal ConcurrentDictionary<ShardMessage, int> Sent { get; } = new();

    /// <summary>What does not come through: the sender and the receiver of a message.</summary>
    internal Func<string, string, bool> IsCut { get; set; } = (_, _) => false;

    internal EmbeddedHost this[string name] => _hosts[name];

    internal async Task<EmbeddedHost> StartAsync(string name)
    {
        SetActive([.. _active, name]);
        EmbeddedHost host = await EmbeddedHost.StartAsync(
            new EmbeddedHostOptions
            {
                Definitions = Definitions,
                DataDirectory = "",
                Log = _ => new(new SharedLog(_log)),
                Snapshots = new SnapshotPlace
                {
                    Name = "a store of the test",
                    OpenAsync = _ => ValueTask.FromResult<ISnapshotStore>(Store),
                    GarbageGrace = TimeSpan.Zero,
                },
                CheckpointInterval = TimeSpan.FromMilliseconds(200),
                Cluster = new SharedShards
                {
                    Transport = new Transport(this, name),
                    Members = new Members(this, name),
                    Receive = receiver => _receivers[name] = receiver,
                },
            },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None);
        _hosts[name] = host;
        return host;
    }

    /// <summary>Ends a host in order.</summary>
    internal async Task StopAsync(string name)
    {
        SetActive([.. _active.Where(a => a != name)]);
        await _hosts[name].DisposeAsync();
        _receivers.TryRemove(name, out _);
        _hosts.Remove(name);
    }

    /// <summary>Lets the others believe that a host is dead, though it goes on.</summary>
    internal void Declare(string dead)
    {
        _receivers.TryRemove(dead, out _);
        SetActive([.. _active.Where(a => a != dead)]);
    }

    /// <summary>Publishes payments of some users.</summary>
    internal async Task PublishAsync(string host, int users, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            PublishItem[] items =
            [
                .. Enumerable.Range(0, users).Select(u =>
                {
                    long number = Interlocked.Increment(ref _published);
                    return new PublishItem(
                        Encoding.UTF8.GetBytes(Payment($"p{number}", $"u{u}", 1)), Encoding.UTF8.GetBytes($"u{u}"));
                }),
            ];
            Runtime.Ingestion.PublishOutcome outcome = await _hosts[host].Publisher.PublishAsync(
                "payments", items, keepInvalid: false, CancellationToken.None);
            Assert.Equal(users, outcome.Accepted);
        }
    }

    /// <summary>The counts of users, as one host answers; waits until the host has applied what was
    /// published.</summary>
    internal async Task<long[]> CountAsync(string host, int users)
    {
        var query = new ContextQuery();
        query.Selections.Add(FeatureSelection.All(_hosts[host].Grid.Plans[0]));
        for (int u = 0; u < users; u++)
        {
            query.Add(0, Encoding.UTF8.GetBytes($"u{u}"));
        }

        query.PositionsMin =
        [
            .. await Task.WhenAll(Enumerable.Range(0, Partitions).Select(async p =>
            {
                var partition = new TopicPartition("payments", p);
                return (partition, (await _log.GetRangeAsync(partition, CancellationToken.None)).End - 1);
            })),
        ];
        var answer = new ContextAnswer();
        await _hosts[host].Reader.ReadAsync(query, answer, CancellationToken.None).AsTask().WaitAsync(Limit);
        Assert.Empty(answer.Unreached);
        return [.. Enumerable.Range(0, users).Select(u => answer.Values(u)[0].Int64)];
    }

    /// <summary>Waits until every shard is open at one of the hosts, and each has about as many.</summary>
    internal async Task BalancedAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            int[] open = [.. _hosts.Where(h => _active.Contains(h.Key)).Select(h => h.Value.Grid.Positions.Open.Count)];
            if (open.Sum() == 256 && open.Max() - open.Min() <= 1)
            {
                return;
            }

            await Task.Delay(10, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (EmbeddedHost host in _hosts.Values)
        {
            await host.DisposeAsync();
        }

        await _log.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private void SetActive(string[] active)
    {
        Action? changed;
        lock (_gate)
        {
            _active = active;
            changed = _changed;
        }

        changed?.Invoke();
    }

    private sealed class Members(SharedHosts hosts, string self) : IMembershipView
    {
        public string Self => self;

        public IReadOnlyList<string> Active => [.. Volatile.Read(ref hosts._active).Order(StringComparer.Ordinal)];

        public bool IsDead(string address) => !Volatile.Read(ref hosts._active).Contains(address);

        public void OnChange(Action changed)
        {
            lock (hosts._gate)
            {
                hosts._changed += changed;
            }
        }
    }

    private sealed class Transport(SharedHosts hosts, string self) : IShardTransport
    {
        public async ValueTask<ReadOnlyMemory<byte>> CallAsync(
            string address, ShardMessage kind, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
        {
            hosts.Sent.AddOrUpdate(kind, 1, (_, n) => n + 1);
            await Task.Yield();
            if (hosts.IsCut(self, address) || !hosts._receivers.TryGetValue(address, out IShardReceiver? receiver))
            {
                throw new IOException($"{address} can't be reached.");
            }

            return await receiver.ReceiveAsync(self, kind, message.ToArray(), cancellationToken);
        }
    }

    /// <summary>The log, which outlives the hosts.</summary>
    private sealed class SharedLog(IEventLog log) : ForwardingLog(log)
    {
        public override ValueTask DisposeAsync() => default;
    }
}
