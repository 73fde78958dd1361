using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Shards;
using Microsoft.Extensions.Logging.Abstractions;
using PublishOutcome = ContextGrid.Runtime.Ingestion.PublishOutcome;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>The embedded host in this process: starts, gaps, owners, and what its answers say of themselves.</summary>
public sealed class EmbeddedHostTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-host-").FullName;

    private string Data => Path.Combine(_root, "data");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Start_AfterAnOrderlyStop_HasEverythingAndReadsNothingAgain()
    {
        await using (EmbeddedHost first = await StartAsync())
        {
            await PublishAsync(first, Payment("a", "u1", 4), Payment("b", "u1", 5));
        }

        await using EmbeddedHost second = await StartAsync();
        Assert.Contains("nothing waits in the log", second.Recovered);
        Assert.Equal((2, 9), await ReadAsync(second, "u1"));
        Assert.Equal(0, second.Metrics.Applied);
        Assert.Null(second.CheckpointFault);
    }

    [Fact]
    public async Task Publish_RetriesAndConflicts_AreToldAndTheConflictDegradesItsEntityForEver()
    {
        byte[] state;
        await using (EmbeddedHost host = await StartAsync())
        {
            string[] events =
            [
                Payment("a", "u1", 4), Payment("a", "u1", 4), Payment("a", "u2", 4), Payment("", "u1", 1),
                Payment("", "u1", 1),
            ];
            PublishOutcome outcome = await host.Publisher.PublishAsync(
                "payments", [.. events.Select(e => new PublishItem(Encoding.UTF8.GetBytes(e), default))], false,
                CancellationToken.None);
            Assert.Equal((5, IdScope.Partition), (outcome.Accepted, outcome.IdScope));
            Assert.Equal(new IdTally(1, 1, 0), outcome.Ids);
            Assert.Equal((3, 6), await ReadAsync(host, "u1"));
            Assert.Equal((0, null), await ReadAsync(host, "u2"));
            Assert.Equal((0, 1), await SkippedAsync(host, "u1", "u2"));
            state = Snapshot(host);
        }

        await using EmbeddedHost again = await StartAsync(rebuild: true);
        await again.Progress[0].WaitForAsync(4, CancellationToken.None).AsTask().WaitAsync(Limit);
        Assert.Equal((0, 1), await SkippedAsync(again, "u1", "u2"));
        Assert.Equal(state, Snapshot(again));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(253_402_300_799_999)]
    [InlineData(1_780_272_002)]
    public async Task Publish_RecordTimeOfABadClock_IsRefused(long recordMs)
    {
        await using EmbeddedHost host = await StartAsync();
        var item = new PublishItem(Encoding.UTF8.GetBytes(Payment("a", "u1", 4)), default) { TimestampMs = recordMs };
        PublishOutcome outcome = await host.Publisher.PublishAsync(Partition.Topic, [item], false, default);
        Assert.Equal(0, outcome.Accepted);
        Assert.Equal("bad_timestamp", Assert.Single(outcome.Refused).Reason);
    }

    [Fact]
    public async Task Start_LogHasLostItsBeginning_DeclaresTheGapInAnswers()
    {
        await FillAndTrimAsync(records: 60);
        await using EmbeddedHost host = await StartAsync();
        await host.Progress[0].WaitForAsync(59, CancellationToken.None).AsTask().WaitAsync(Limit);
        OffsetGap gap = Assert.Single(host.Progress[0].Gaps);
        Assert.Equal(0, gap.First);
        Assert.InRange(gap.Last, 1, 58);

        var (query, answer) = Query(host, "u1");
        await host.Reader.ReadAsync(query, answer, CancellationToken.None);
        Assert.Equal(59 - gap.Last, answer.Values(0)[0].Int64);
        Assert.Equal(gap, Assert.Single(answer.Sources[0].Gaps));
    }

    [Fact]
    public async Task Start_DeclaredGap_IsKeptAcrossStarts()
    {
        await FillAndTrimAsync(records: 60);
        OffsetGap gap;
        await using (EmbeddedHost first = await StartAsync())
        {
            await first.Progress[0].WaitForAsync(59, CancellationToken.None).AsTask().WaitAsync(Limit);
            gap = Assert.Single(first.Progress[0].Gaps);
        }

        await using EmbeddedHost second = await StartAsync();
        Assert.Equal(gap, Assert.Single(second.Progress[0].Gaps));
    }

    [Fact]
    public async Task Start_LogIsShorterThanTheCheckpoint_IsRefused()
    {
        await using (EmbeddedHost first = await StartAsync())
        {
            await PublishAsync(first, Payment("a", "u1", 4));
        }

        Directory.Delete(Path.Combine(Data, "log", "payments"), recursive: true);
        var e = await Assert.ThrowsAsync<HostStartException>(() => StartAsync());
        Assert.Contains("the log was lost or replaced", e.Message, StringComparison.Ordinal);
        Assert.Contains("--rebuild", e.Message, StringComparison.Ordinal);
        await using EmbeddedHost rebuilt = await StartAsync(rebuild: true);
        Assert.Equal((0, null), await ReadAsync(rebuilt, "u1"));
    }

    [Fact]
    public async Task Failed_AnotherOwnerTookTheCheckpoints_EndsWithTheReason()
    {
        await using EmbeddedHost host = await StartAsync(TimeSpan.FromMilliseconds(10));
        await using CheckpointStore thief = await CheckpointStore.OpenAsync(
            DirectorySnapshotStore.Open(Path.Combine(Data, "checkpoints"), TimeProvider.System),
            "thief",
            TimeProvider.System,
            CancellationToken.None);
        await PublishAsync(host, Payment("a", "u1", 4));
        await Assert.ThrowsAsync<OwnerFencedException>(() => host.Failed.WaitAsync(Limit));
        Assert.NotNull(host.CheckpointFault);
        Assert.Equal((1, 4), await ReadAsync(host, "u1"));
    }

    [Fact]
    public async Task Read_SourceIsBehind_IsTooStaleAndSaysHowMuch()
    {
        await using EmbeddedHost host = await StartAsync();
        await PublishAsync(host, Payment("a", "u1", 4));
        long nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        host.Progress[0].SeeEnd(host.Progress[0].Next + 7, nowMs - 60_000);

        var (query, answer) = Query(host, "u1");
        query.StalenessMax = TimeSpan.FromSeconds(10);
        ContextOutcome outcome = await host.Reader.ReadAsync(query, answer, CancellationToken.None);
        Assert.True(outcome.IsTooStale);
        Assert.InRange(outcome.LagMs, 60_000, 120_000);
        Assert.Equal(7, answer.Sources[0].Lag);
        Assert.Contains("7 records behind", host.WhyNotReady(nowMs), StringComparison.Ordinal);

        query.StalenessMax = TimeSpan.FromHours(1);
        Assert.False((await host.Reader.ReadAsync(query, answer, CancellationToken.None)).IsTooStale);
    }

    private static (ContextQuery Query, ContextAnswer Answer) Query(EmbeddedHost host, string user)
    {
        var query = new ContextQuery();
        query.Selections.Add(FeatureSelection.All(host.Grid.Plans[0]));
        query.Add(0, Encoding.UTF8.GetBytes(user));
        return (query, new ContextAnswer());
    }

    private static async Task<(long Count, long? Sum)> ReadAsync(EmbeddedHost host, string user)
    {
        var (query, answer) = Query(host, user);
        await host.Reader.ReadAsync(query, answer, CancellationToken.None);
        return (answer.Values(0)[0].Int64, answer.Values(0)[1].IsNull ? null : answer.Values(0)[1].Int64);
    }

    private static async Task<(long, long)> SkippedAsync(EmbeddedHost host, params string[] users)
    {
        var (query, answer) = Query(host, users[0]);
        query.Add(0, Encoding.UTF8.GetBytes(users[1]));
        await host.Reader.ReadAsync(query, answer, CancellationToken.None);
        return (answer.Header(0).SkippedEvents, answer.Header(1).SkippedEvents);
    }

    private static byte[] Snapshot(EmbeddedHost host)
    {
        var writer = new SnapshotWriter();
        foreach (string user in (string[])["u1", "u2"])
        {
            byte[] key = Encoding.UTF8.GetBytes(user);
            EntityShard shard = host.Grid.Tables[0].ShardOf(key);
            int slot = shard.Entities.Find(key, StableHash.Of(key));
            shard.Entities[slot].Entity!.Snapshot(writer, new ApplyScratch(shard.Plan)); // Nothing has become passive.
        }

        return writer.Written.ToArray();
    }

    private static async Task PublishAsync(EmbeddedHost host, params string[] events)
    {
        PublishOutcome outcome = await host.Publisher.PublishAsync(
            "payments",
            [.. events.Select(e => new PublishItem(Encoding.UTF8.GetBytes(e), default))],
            keepInvalid: false,
            CancellationToken.None);
        Assert.Equal(events.Length, outcome.Accepted);
        foreach (RecordPosition position in outcome.Positions)
        {
            PartitionProgress progress = host.Progress.Single(p => p.Partition.Partition == position.Partition);
            await progress.WaitForAsync(position.Offset, CancellationToken.None).AsTask().WaitAsync(Limit);
        }
    }

    private Task<EmbeddedHost> StartAsync(TimeSpan? checkpointInterval = null, bool rebuild = false) =>
        EmbeddedHost.StartAsync(
            new EmbeddedHostOptions
            {
                Definitions = Definitions,
                DataDirectory = Data,
                Partitions = 1,
                CheckpointInterval = checkpointInterval ?? TimeSpan.FromHours(1),
                RetentionTime = TimeSpan.Zero,
                Rebuild = rebuild,
            },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None);

    /// <summary>Writes a log whose oldest segments retention then takes.</summary>
    private async Task FillAndTrimAsync(int records)
    {
        using var directory = DataDirectory.Open(Data);
        var time = new Demo.ManualTime(NowMs);
        await using var log = FileEventLog.Open(
            new FileEventLogOptions
            {
                Directory = directory.LogPath,
                Topics = new Dictionary<string, int> { ["payments"] = 1 },
                SegmentBytesMax = 4096,
                RetentionTime = TimeSpan.Zero,
                RetentionBytes = 10_000,
            },
            time,
            NullLogger.Instance);
        for (int i = 0; i < records; i++)
        {
            string json = Payment($"p{i}", "u1", 1).TrimEnd('}') + $",\"note\":\"{new string('n', 1000)}\"}}";
            LogRecord[] record = [new LogRecord(0, NowMs, default, Encoding.UTF8.GetBytes(json), default)];
            await log.AppendAsync("payments", record, new RecordPosition[1], CancellationToken.None);
        }

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True((await log.GetRangeAsync(Partition, CancellationToken.None)).Start > 0);
    }
}
