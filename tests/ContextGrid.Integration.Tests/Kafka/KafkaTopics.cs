using Confluent.Kafka;
using Confluent.Kafka.Admin;
using ContextGrid.Adapters.Kafka;
using ContextGrid.TestKit.Logs;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>Makes topics, and reads them back by kcat, which shares no code with the product's adapter.</summary>
internal static class KafkaTopics
{
    private const char FieldEnd = '\u001f';
    private const char RecordEnd = '\u001e';

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Makes topics that take records of 2 MiB.</summary>
    internal static Task CreateAsync(string bootstrapServers, params (string Topic, int Partitions)[] topics) =>
        CreateAsync(bootstrapServers, 2 << 20, topics);

    /// <summary>Makes topics.</summary>
    /// <param name="bootstrapServers">Where.</param>
    /// <param name="bytesMax">The largest batch of records that they take.</param>
    /// <param name="topics">Their names and partitions.</param>
    internal static async Task CreateAsync(
        string bootstrapServers, int bytesMax, params (string Topic, int Partitions)[] topics)
    {
        using IAdminClient admin = Connect(bootstrapServers);
        await admin.CreateTopicsAsync(topics.Select(t => new TopicSpecification
        {
            Name = t.Topic,
            NumPartitions = t.Partitions,
            Configs = new() { ["max.message.bytes"] = $"{bytesMax}" },
        }));
        foreach ((string topic, int partitions) in topics)
        {
            while (admin.GetMetadata(topic, Patience).Topics[0].Partitions.Count < partitions)
            {
                // The broker that was asked to make it has not told everybody yet.
            }
        }
    }

    /// <summary>Deletes a topic, and waits until the broker has forgotten it.</summary>
    internal static async Task DeleteAsync(string bootstrapServers, string topic)
    {
        using IAdminClient admin = Connect(bootstrapServers);
        await admin.DeleteTopicsAsync([topic]);
        while (admin.GetMetadata(Patience).Topics.Exists(t => t.Topic == topic))
        {
            // It still tells of it.
        }
    }

    /// <summary>All committed records of topics, in the order of each partition; skips the test where kcat is missing.
    /// </summary>
    internal static async Task<IReadOnlyList<RawRecord>> ReadAsync(string bootstrapServers, params string[] topics)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/kcat"), "kcat is missing: apt-get install kcat");
        var records = new List<RawRecord>();
        foreach (string topic in topics)
        {
            ProcessRun run = await ProcessRun.RunAsync(
                "kcat",
                [
                    "-C", "-q", "-e", "-b", bootstrapServers, "-t", topic, "-o", "beginning",
                    "-X", "isolation.level=read_committed", "-f", @"%p\x1f%o\x1f%T\x1f%h\x1f%s\x1e",
                ]);
            records.AddRange(run.RequireSuccess().Output
                .Split(RecordEnd, StringSplitOptions.RemoveEmptyEntries)
                .Select(r => Parse(topic, r.Split(FieldEnd))));
        }

        return records;
    }

    private static IAdminClient Connect(string bootstrapServers) => new AdminClientBuilder(
        new AdminClientConfig { BootstrapServers = bootstrapServers }).SetLogHandler((_, _) => { }).Build();

    private static RawRecord Parse(string topic, string[] fields) => new(
        topic,
        int.Parse(fields[0], null),
        long.Parse(fields[1], null),
        long.Parse(fields[2], null),
        Headers(fields[3]),
        fields[4]);

    // A value that has a comma is cut there; nobody asks for one.
    private static Dictionary<string, string> Headers(string text)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string[] header in text.Split(',').Select(h => h.Split('=', 2)).Where(h => h.Length == 2))
        {
            headers.TryAdd(header[0], header[1]);
        }

        return headers;
    }
}
