using System.Globalization;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>From the bytes of a batch to the state of entities, nothing is allocated for an event.</summary>
public sealed class ApplyAllocationTests
{
    private const int BatchEvents = 256;
    private const int Users = 16;

    private const int WarmUp = 80;
    private const int Measured = 40;

    /// <summary>
    /// What a batch may cost on average, less than a byte an event: buffers of single tiles still grow now and then.
    /// </summary>
    private const long BatchBytesMax = 200;

    private const string Yaml = """
        version: 1
        events:
          payment:
            topic: payments
            timestamp: ts
            fields: {user_id: string, amount: double, merchant: string, country: string}
        entities:
          user:
            from: {payment: user_id}
            features:
              n: payment | count() over 5m
              spend: payment | sum(amount) over 1h where amount > 10
              merchants: payment | distinct(merchant) over 5m
              by_country: payment | sum(amount) by country over 5m
              last: payment | last(country)
        """;

    [Fact]
    public async Task ApplyAsync_SteadyState_AllocatesLessThanAByteAnEvent()
    {
        DefinitionSet set = DefinitionFiles.Parse("test.yaml", Yaml).Set
            ?? throw new InvalidOperationException("The definitions of the test are wrong.");
        using var metrics = new GridMetrics();
        var grid = new ShardEngine(set, metrics);
        var cursor = new EventBatch(set, 0, new TopicPartition("payments", 0));
        LogBatch[] batches = [.. Enumerable.Range(0, WarmUp + Measured).Select(MakeBatch)];
        for (int i = 0; i < WarmUp; i++)
        {
            await ApplyAsync(grid, cursor, batches[i]);
        }

        bool synchronous = true;
        long least = long.MaxValue;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = WarmUp; i < batches.Length; i++)
        {
            long start = GC.GetAllocatedBytesForCurrentThread();
            synchronous &= ApplyAsync(grid, cursor, batches[i]).IsCompletedSuccessfully;
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - start);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(synchronous);
        Assert.Equal(BatchEvents, cursor.Events);
        Assert.Empty(cursor.DeadLetters);
        Assert.Equal(Users, grid.CountEntities(0));
        Assert.Equal(0, least);
        Assert.InRange(allocated, 0, Measured * BatchBytesMax);
    }

    private static ValueTask ApplyAsync(ShardEngine grid, EventBatch cursor, LogBatch batch)
    {
        cursor.Load(batch);
        return grid.ApplyAsync(cursor, CancellationToken.None);
    }

    private static LogBatch MakeBatch(int index)
    {
        var batch = new LogBatch();
        var random = new Random(index);
        for (int i = 0; i < BatchEvents; i++)
        {
            long offset = (long)index * BatchEvents + i;
            long timeMs = 1_750_000_000_000 + offset * 500;
            string amount = (random.Next(100, 10_000) / 100.0).ToString(CultureInfo.InvariantCulture);
            byte[] payload = Encoding.UTF8.GetBytes(
                $$"""{"ts":{{timeMs}},"user_id":"u{{offset % Users}}","amount":{{amount}},"""
                + $$"""
                "merchant":"m{{random.Next(50)}}","country":"{{(random.Next(3) == 0 ? "DE" : "FR")}}"}
                """);
            batch.Reserve(payload.Length);
            payload.CopyTo(batch.Buffer.AsSpan(batch.BytesUsed));
            batch.Add(new LogBatch.Entry(offset, timeMs, 0, 0, batch.BytesUsed, payload.Length, 0, 0));
            batch.BytesUsed += payload.Length;
        }

        return batch;
    }
}
