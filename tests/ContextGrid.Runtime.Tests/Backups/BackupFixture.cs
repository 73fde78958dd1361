using System.Text;
using System.Text.Json;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using Microsoft.Extensions.Logging.Abstractions;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;
using PublishOutcome = ContextGrid.Runtime.Ingestion.PublishOutcome;

namespace ContextGrid.Runtime.Tests.Backups;

/// <summary>Hosts whose log has many small segments, and what the log of a directory says that they must answer.
/// </summary>
internal static class BackupFixture
{
    public const int Users = 23;
    public const int Partitions = 2;

    private static readonly FileEventLogOptions SmallSegments = new() { Directory = "", SegmentBytesMax = 8192 };

    /// <summary>Starts a host.</summary>
    public static Task<EmbeddedHost> StartAsync(
        string directory, TimeSpan checkpointInterval, long memoryMaxBytes = 0) =>
        EmbeddedHost.StartAsync(
            new EmbeddedHostOptions
            {
                Definitions = Definitions,
                DataDirectory = directory,
                Partitions = Partitions,
                CheckpointInterval = checkpointInterval,
                RetentionTime = TimeSpan.Zero,
                MemoryMaxBytes = memoryMaxBytes,
            },
            new HostPlatform(TimeProvider.System, NullLoggerFactory.Instance) { Log = SmallSegments },
            CancellationToken.None);

    /// <summary>Publishes one batch of payments, every tenth of them one that is kept as a dead letter.</summary>
    public static async Task<PublishOutcome> PublishAsync(EmbeddedHost host, string writer, int number, Random random)
    {
        PublishItem[] items =
        [
            .. Enumerable.Range(0, 10).Select(i => Encoding.UTF8.GetBytes(i == 9
                ? """{"payment_id":"bad","user_id":7}"""
                : Payment($"{writer}-{number}-{i}", $"u{random.Next(Users)}", random.Next(100))))
                .Select(json => new PublishItem(json, default)),
        ];
        return await host.Publisher.PublishAsync("payments", items, keepInvalid: true, CancellationToken.None);
    }

    /// <summary>Count and sum of each user's payments, folded over a log's payloads by other code than the
    /// product's; and how many dead letters it has.</summary>
    public static async Task<(SortedDictionary<string, (long, long)> Users, long DeadLetters)> FoldAsync(string data)
    {
        await using var log = FileEventLog.Open(
            SmallSegments with { Directory = Path.Combine(data, "log"), RetentionTime = TimeSpan.Zero },
            TimeProvider.System,
            NullLogger.Instance);
        var users = new SortedDictionary<string, (long Count, long Sum)>(StringComparer.Ordinal);
        for (int partition = 0; partition < Partitions; partition++)
        {
            await using ILogReader reader = log.OpenReader(new TopicPartition("payments", partition), 0);
            var batch = new LogBatch();
            while (await reader.ReadAsync(batch, TimeSpan.Zero, default) == ReadOutcome.Records)
            {
                for (int i = 0; i < batch.Count; i++)
                {
                    using var json = JsonDocument.Parse(batch.Value(i).ToArray());
                    string user = json.RootElement.GetProperty("user_id").GetString() ?? "";
                    (long count, long sum) = users.GetValueOrDefault(user);
                    users[user] = (count + 1, sum + json.RootElement.GetProperty("items").GetInt64());
                }
            }
        }

        LogRange letters = await log.GetRangeAsync(new TopicPartition("dead-letters", 0), default);
        return (users, letters.End);
    }

    /// <summary>Count and sum of each user's payments as a host answers, once all of its log is applied.</summary>
    public static async Task<SortedDictionary<string, (long, long)>> AnswersAsync(EmbeddedHost host)
    {
        foreach (PartitionProgress progress in host.Progress)
        {
            LogRange range = await host.Log.GetRangeAsync(progress.Partition, default);
            await progress.WaitForAsync(range.End - 1, default);
        }

        var query = new ContextQuery();
        query.Selections.Add(FeatureSelection.All(host.Grid.Plans[0]));
        string[] users = [.. Enumerable.Range(0, Users).Select(i => $"u{i}")];
        foreach (string user in users)
        {
            query.Add(0, Encoding.UTF8.GetBytes(user));
        }

        var answer = new ContextAnswer();
        await host.Reader.ReadAsync(query, answer, default);
        var found = new SortedDictionary<string, (long, long)>(StringComparer.Ordinal);
        for (int i = 0; i < users.Length; i++)
        {
            if (answer.Values(i)[0].Int64 > 0)
            {
                found[users[i]] = (answer.Values(i)[0].Int64, answer.Values(i)[1].Int64);
            }
        }

        return found;
    }
}
