using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace ContextGrid.Adapters.Kafka;

/// <summary>Makes topics and tells their settings.</summary>
/// <param name="admin">Asks the brokers; the caller's.</param>
/// <param name="patience">How long a question waits.</param>
internal sealed class TopicSettings(IAdminClient admin, TimeSpan patience)
{
    /// <summary>The policy of a topic that keeps the last record of each key.</summary>
    internal const string Compact = "compact";

    private const string CleanupPolicy = "cleanup.policy";

    /// <summary>What a topic does with old records, in Kafka's words; null: the brokers do not say.</summary>
    internal async ValueTask<string?> FindCleanupPolicyAsync(string topic)
    {
        try
        {
            List<DescribeConfigsResult> found = await admin.DescribeConfigsAsync(
                [new ConfigResource { Type = ResourceType.Topic, Name = topic }],
                new DescribeConfigsOptions { RequestTimeout = patience });
            return found[0].Entries.TryGetValue(CleanupPolicy, out ConfigEntryResult? entry) ? entry.Value : null;
        }
        catch (KafkaException)
        {
            return null; // Not every user may ask.
        }
    }

    /// <summary>Those of some topics that are compacted, as far as the brokers say.</summary>
    internal async ValueTask<IReadOnlyCollection<string>> FindCompactedAsync(IReadOnlyCollection<string> topics)
    {
        var compacted = new HashSet<string>(StringComparer.Ordinal);
        foreach (string topic in topics)
        {
            if (await FindCleanupPolicyAsync(topic) is { } policy && policy.Contains(Compact, StringComparison.Ordinal))
            {
                compacted.Add(topic);
            }
        }

        return compacted;
    }

    /// <summary>Makes a topic that takes the largest records, unless somebody else has.</summary>
    internal async ValueTask CreateAsync(string topic, int partitions, bool isCompacted)
    {
        var settings = new Dictionary<string, string> { ["max.message.bytes"] = $"{KafkaConfigs.RecordBytesMax}" };
        if (isCompacted)
        {
            settings[CleanupPolicy] = Compact;
        }

        try
        {
            await admin.CreateTopicsAsync(
            [
                new TopicSpecification
                {
                    Name = topic,
                    NumPartitions = partitions,
                    ReplicationFactor = -1,
                    Configs = settings,
                },
            ]);
        }
        catch (CreateTopicsException e) when (e.Results[0].Error.Code == ErrorCode.TopicAlreadyExists)
        {
            // As good.
        }
        catch (KafkaException e)
        {
            Error error = (e as CreateTopicsException)?.Results[0].Error ?? e.Error;
            throw KafkaFaults.Of(
                error,
                $"The topic {topic} is missing and can't be made; create it",
                KafkaRight.OnTopic(AclOperation.Create, topic),
                e);
        }
    }
}
