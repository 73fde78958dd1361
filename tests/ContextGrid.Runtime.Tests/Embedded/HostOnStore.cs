using System.Text;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using Microsoft.Extensions.Logging.Abstractions;
using PublishOutcome = ContextGrid.Runtime.Ingestion.PublishOutcome;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>An embedded host whose checkpoints are in a store of the test.</summary>
internal static class HostOnStore
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    internal static Task<EmbeddedHost> StartAsync(string data, ISnapshotStore store, long memoryMaxBytes = 0) =>
        EmbeddedHost.StartAsync(
            new EmbeddedHostOptions
            {
                Definitions = Definitions,
                DataDirectory = data,
                Snapshots = new SnapshotPlace
                {
                    Name = "a store of the test",
                    OpenAsync = _ => ValueTask.FromResult(store),
                    GarbageGrace = TimeSpan.Zero,
                },
                Partitions = 2,
                CheckpointInterval = TimeSpan.FromHours(1),
                MemoryMaxBytes = memoryMaxBytes,
                RetentionTime = TimeSpan.Zero,
            },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None);

    /// <summary>Publishes payments to the partition of their key, and tells where they are.</summary>
    internal static async Task<RecordPosition[]> PublishAsync(EmbeddedHost host, string key, params string[] events)
    {
        PublishOutcome outcome = await host.Publisher.PublishAsync(
            "payments",
            [.. events.Select(e => new PublishItem(Encoding.UTF8.GetBytes(e), Encoding.UTF8.GetBytes(key)))],
            keepInvalid: false,
            CancellationToken.None);
        Assert.Equal(events.Length, outcome.Accepted);
        return [.. outcome.Positions];
    }

    internal static async Task ApplyAsync(EmbeddedHost host, string key, params string[] events)
    {
        foreach (RecordPosition position in await PublishAsync(host, key, events))
        {
            await ProgressOf(host, position).WaitForAsync(position.Offset, CancellationToken.None).AsTask()
                .WaitAsync(Limit);
        }
    }

    internal static PartitionProgress ProgressOf(EmbeddedHost host, RecordPosition position) =>
        host.Progress.Single(p => p.Partition.Partition == position.Partition);

    /// <summary>The count and the sum of some users.</summary>
    internal static async Task<(long Count, long? Sum)[]> ReadAsync(EmbeddedHost host, params string[] users)
    {
        var query = new ContextQuery();
        query.Selections.Add(FeatureSelection.All(host.Grid.Plans[0]));
        foreach (string user in users)
        {
            query.Add(0, Encoding.UTF8.GetBytes(user));
        }

        var answer = new ContextAnswer();
        await host.Reader.ReadAsync(query, answer, CancellationToken.None);
        return
        [
            .. users.Select((_, i) => (
                answer.Values(i)[0].Int64, answer.Values(i)[1].IsNull ? null : (long?)answer.Values(i)[1].Int64)),
        ];
    }
}
