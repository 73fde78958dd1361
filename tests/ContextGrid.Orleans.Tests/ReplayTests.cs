using System.Text;
using ContextGrid.Core.Entities;
using ContextGrid.Orleans.Replay;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;
using static ContextGrid.Orleans.Tests.ReplayChecks;

namespace ContextGrid.Orleans.Tests;

/// <summary>Replays into shadow versions, compared with Core byte by byte.</summary>
public sealed class ReplayTests
{
    // The tight one has room for nothing: each read of the log is followed by a checkpoint, and brings entities back.
    [Theory]
    [InlineData(128 << 20, 200_000)]
    [InlineData(1, 1)]
    public async Task Start_All_TheShadowVersionHasTheBytesThatCoreAloneGives(
        long memoryBytesMax, int checkpointRecords)
    {
        await using var cluster = new ClusterFixture(log => log with { ReadRecordsMax = 100 });
        await cluster.PublishAsync(users: 300, events: 2_000);
        await PublishAsync(cluster, "no JSON", """{"id":"bad","user":"u7","shop":"s1","n":"text"}""");
        await using SiloHost silo = await cluster.StartAsync(replay: new ReplayOptions
        {
            MemoryBytesMax = memoryBytesMax, CheckpointRecords = checkpointRecords,
        });
        Assert.Equal(ReplayReply.Done, await silo.Replays.StartAsync("a", All));
        ReplayStatus status = await RequireAsync(silo, "a", s => s.Phase == ReplayPhase.Finished);
        Assert.Equal((2_001, 2, null), (status.Events, status.Skipped, status.Fault));
        Assert.All(status.Partitions, p => Assert.True(p.Next == p.End && p.RetainedFrom == 0));
        await RequireShadowAsync(cluster, silo, All, _ => true);
        Entity? one = await silo.Replays.ReadShadowAsync("user", "u7", "2");
        Assert.Equal(1, one!.SkippedEvents);
        Assert.Null(await silo.Replays.ReadShadowAsync("shop", "s1", "2"));
    }

    [Fact]
    public async Task Start_OneKeyOrARange_OthersAreNotThere()
    {
        await using var cluster = new ClusterFixture();
        await cluster.PublishAsync(users: 300, events: 2_000);
        await using SiloHost silo = await cluster.StartAsync();
        var one = new ReplayRequest("user", "one", Key: "u12");
        var range = new ReplayRequest("user", "range", From: "u12", To: "u2");
        var rest = new ReplayRequest("user", "rest", From: "u2");
        await RunAsync(silo, one, range, rest);
        await RequireShadowAsync(cluster, silo, one, key => key == "u12");
        await RequireShadowAsync(
            cluster, silo, range,
            key => string.CompareOrdinal(key, "u12") >= 0 && string.CompareOrdinal(key, "u2") < 0);
        await RequireShadowAsync(cluster, silo, rest, key => string.CompareOrdinal(key, "u2") >= 0);
    }

    [Fact]
    public async Task Start_WhatCantBe_IsRefusedInOneLine()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await cluster.StartAsync();
        await RunAsync(silo, All);
        await RunAsync(silo, All); // The same again.
        await RequireRefusalAsync(silo, "x", All with { Type = "usr" }, "no entity type 'usr'; the definitions have");
        await RequireRefusalAsync(silo, "user-2", All with { Key = "u1" }, "'user-2' is another one: user@2, all keys");
        await RequireRefusalAsync(silo, "x", All, "user@2 is of the replay 'user-2'");
        await RequireRefusalAsync(silo, "x", All with { Version = "a/b" }, "shadow version 'a/b'");
        await RequireRefusalAsync(silo, "x", All with { Version = "3", Key = "" }, "1 to 1024 bytes");
        await RequireRefusalAsync(silo, "x", All with { Version = "3", Key = "a", To = "b" }, "not of both");
        await RequireRefusalAsync(silo, "x", All with { Version = "3", From = "b", To = "a" }, "no key from 'b'");
    }

    [Fact]
    public async Task Start_RetentionHasTakenTheBeginning_TheStatusSaysFromWhereTheLogIsWhole()
    {
        await using var cluster = new ClusterFixture(
            log => log with { SegmentBytesMax = 4_096, RetentionBytes = 16_384 });
        for (int i = 0; i < 20; i++)
        {
            await cluster.PublishAsync(users: 300, events: 100);
        }

        await using SiloHost silo = await cluster.StartAsync();
        ReplayStatus status = await RunAsync(silo, All);
        foreach (ReplayPartition partition in status.Partitions)
        {
            LogRange range = await cluster.Log.GetRangeAsync(Partition(partition.Partition), CancellationToken.None);
            Assert.True(range.Start > 0);
            Assert.Equal(range.Start, partition.RetainedFrom);
        }

        await RequireShadowAsync(cluster, silo, All, _ => true);
    }

    private static async Task PublishAsync(ClusterFixture cluster, params string[] values)
    {
        LogRecord[] records =
        [
            .. values.Select(v => new LogRecord(0, 1_700_000_000_000, default, Encoding.UTF8.GetBytes(v), default)),
        ];
        await cluster.Log.AppendAsync(
            "payments", records, new RecordPosition[values.Length], CancellationToken.None);
    }

    private static async Task RequireRefusalAsync(SiloHost silo, string id, ReplayRequest request, string message)
    {
        ReplayReply reply = await silo.Replays.StartAsync(id, request);
        Assert.NotEqual(ReplayOutcome.Done, reply.Outcome);
        Assert.Contains(message, reply.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', reply.Message);
    }
}
