using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Tests.Ingestion;

/// <summary>Short forms for tests of ingestion: one event with ids, one entity type.</summary>
internal static class TestRecords
{
    public const long NowMs = 1_700_000_000_000;

    public static readonly TopicPartition Partition = new("payments", 0);

    public static DefinitionSet Definitions { get; } = Read("payment_id");

    /// <summary>A payment.</summary>
    public static string Payment(string id, string user, int items) =>
        $$"""{"payment_id":"{{id}}","user_id":"{{user}}","items":{{items}}}""";

    /// <summary>A batch as a log reads it; offsets follow each other.</summary>
    public static LogBatch Batch(long firstOffset, long timeMs, params IEnumerable<string> payloads)
    {
        var batch = new LogBatch();
        foreach (string payload in payloads)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(payload);
            batch.Reserve(bytes.Length);
            bytes.CopyTo(batch.Buffer, batch.BytesUsed);
            int at = batch.BytesUsed;
            batch.Add(new LogBatch.Entry(firstOffset + batch.Count, timeMs, at, 0, at, bytes.Length, at, 0));
            batch.BytesUsed += bytes.Length;
        }

        return batch;
    }

    /// <summary>The definitions with another id.</summary>
    public static DefinitionSet Read(string id)
    {
        DefinitionReadResult result = DefinitionFiles.Parse("test.yaml", $$"""
            version: 1
            events:
              payment:
                topic: payments
                id: {{id}}
                dedupe: 10m
                fields: {payment_id: string, user_id: string, items: int64}
            entities:
              user:
                from: {payment: user_id}
                features:
                  payments: payment | count()
                  items: payment | sum(items)
                  hour: payment | sum(items) over 1h

            """);
        return result.Set ?? throw new InvalidOperationException(string.Join('\n', result.Errors));
    }
}
