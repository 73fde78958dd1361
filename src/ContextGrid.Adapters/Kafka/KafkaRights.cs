using Confluent.Kafka;
using Confluent.Kafka.Admin;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// Looks at the start whether the server's user has the rights that it needs. Without those that reading and dead
/// letters need nothing can start; the others are told. Rights that are taken away later show where they are used.
/// </summary>
/// <param name="admin">Asks the brokers; the caller's.</param>
/// <param name="options">The topics and the group.</param>
/// <param name="patience">How long a question waits.</param>
internal sealed class KafkaRights(IAdminClient admin, KafkaOptions options, TimeSpan patience)
{
    /// <summary>Looks at topics; those that are missing, and brokers that do not tell, are passed over.</summary>
    /// <param name="topics">The topics, as the brokers name them.</param>
    /// <returns>What can't be done without the rights that are missing and not needed, in sentences.</returns>
    /// <exception cref="EventLogException">Rights that are needed are missing; all of them are named.</exception>
    internal async ValueTask<IReadOnlyList<string>> CheckAsync(IReadOnlyList<string> topics)
    {
        if (topics.Count == 0)
        {
            return [];
        }

        var missing = new List<string>();
        var notes = new List<string>();
        foreach (TopicDescription topic in await DescribeAsync(topics))
        {
            HashSet<AclOperation> has = [.. topic.AuthorizedOperations ?? []];
            if (topic.Error.Code == ErrorCode.TopicAuthorizationFailed)
            {
                missing.Add($"{KafkaRight.OnTopic(AclOperation.Describe, topic.Name)}, or there is no such topic");
            }
            else if (!topic.Error.IsError && has.Count > 0)
            {
                missing.AddRange(NeededOn(topic.Name).Where(o => !has.Contains(o))
                    .Select(o => KafkaRight.OnTopic(o, topic.Name).ToString()));
                notes.AddRange(NotesOn(topic.Name, has));
            }
        }

        return missing.Count == 0 ? notes : throw new EventLogException(
            EventLogError.Denied,
            $"The server's user in Kafka at {options.BootstrapServers} lacks rights: {string.Join("; ", missing)}. "
            + KafkaRight.Advice);
    }

    /// <summary>Looks at the consumer group.</summary>
    /// <returns>Why its offsets can't be written; null: they can, or the brokers do not tell.</returns>
    internal async ValueTask<string?> CheckGroupAsync()
    {
        if (options.Group.Length == 0)
        {
            return null;
        }

        try
        {
            DescribeConsumerGroupsResult found = await admin.DescribeConsumerGroupsAsync(
                [options.Group],
                new DescribeConsumerGroupsOptions { IncludeAuthorizedOperations = true, RequestTimeout = patience });
            List<AclOperation>? has = found.ConsumerGroupDescriptions[0].AuthorizedOperations;
            return has is { Count: > 0 } && !has.Contains(AclOperation.Read) ? LacksRead : null;
        }
        catch (DescribeConsumerGroupsException e) when (
            KafkaFaults.IsDenial(e.Results.ConsumerGroupDescriptions[0].Error))
        {
            return LacksRead;
        }
        catch (KafkaException e)
        {
            return KafkaFaults.IsDenial(e.Error) ? LacksRead : null;
        }
    }

    private string LacksRead => $"The server's user in Kafka lacks "
        + $"{KafkaRight.OnGroup(AclOperation.Read, options.Group)}. {KafkaRight.Advice}";

    private async ValueTask<List<TopicDescription>> DescribeAsync(IReadOnlyList<string> topics)
    {
        try
        {
            return (await admin.DescribeTopicsAsync(
                TopicCollection.OfTopicNames(topics),
                new DescribeTopicsOptions { IncludeAuthorizedOperations = true, RequestTimeout = patience }))
                .TopicDescriptions;
        }
        catch (DescribeTopicsException e)
        {
            return e.Results.TopicDescriptions;
        }
        catch (KafkaException)
        {
            return []; // What is needed is asked for once more, and fails by its name.
        }
    }

    private AclOperation[] NeededOn(string topic) =>
        topic == options.DeadLetters ? [AclOperation.Read, AclOperation.Write]
        : options.CreateCompacted.ContainsKey(topic) ? [AclOperation.Write]
        : [AclOperation.Read];

    private IEnumerable<string> NotesOn(string topic, HashSet<AclOperation> has)
    {
        if (options.Sources.Contains(topic) && !has.Contains(AclOperation.Write))
        {
            yield return $"Nothing can be published to {topic}, and no dead letter of it retried: the server's user in "
                + $"Kafka lacks {KafkaRight.OnTopic(AclOperation.Write, topic)}.";
        }

        if (options.Sources.Contains(topic) && !has.Contains(AclOperation.DescribeConfigs))
        {
            yield return $"Nobody can tell whether {topic} is compacted: the server's user in Kafka lacks "
                + $"{KafkaRight.OnTopic(AclOperation.DescribeConfigs, topic)}.";
        }
    }
}
