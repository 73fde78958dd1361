using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Replay;
using ContextGrid.Runtime.Shards;
using ContextGrid.Runtime.Tests.Demo;
using ContextGrid.Runtime.Tests.Ingestion;

namespace ContextGrid.Runtime.Tests.Queries;

public sealed class ContextReaderTests
{
    [Fact]
    public async Task Read_PositionNeverComes_EndsAfterTheLongestWait()
    {
        var time = new ManualTime(1_000_000);
        using var metrics = new GridMetrics();
        var progress = new PartitionProgress(TestRecords.Partition, 0, 10, []);
        var grid = new ShardEngine(new DefinitionSet([], []), metrics, [progress], time);
        using var past = new PastReader(new ScriptedLog(), grid.Plans, [progress]);
        var reader = new ContextReader(grid, past, [progress], time);
        var query = new ContextQuery { PositionsMin = [(TestRecords.Partition, 10)] };

        Task<ContextOutcome> waiting = reader.ReadAsync(query, new ContextAnswer(), CancellationToken.None).AsTask();
        Assert.False(waiting.IsCompleted);
        time.Advance(ContextReader.PositionWaitMax);

        TimeoutException late = await Assert.ThrowsAsync<TimeoutException>(() => waiting);
        Assert.Contains("offset 10 within 30 s", late.Message, StringComparison.Ordinal);
    }
}
