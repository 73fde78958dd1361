using Confluent.Kafka.Admin;

namespace ContextGrid.Adapters.Kafka;

/// <summary>A right that the server's user needs in Kafka.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Resource">On what, such as <c>the topic payments</c>.</param>
internal readonly record struct KafkaRight(AclOperation Operation, string Resource)
{
    /// <summary>What to do where one is missing.</summary>
    internal const string Advice = "Grant it with kafka-acls; docs/OPERATIONS.md has the commands.";

    /// <summary>A right on a topic.</summary>
    internal static KafkaRight OnTopic(AclOperation operation, string topic) => new(operation, $"the topic {topic}");

    /// <summary>A right on a consumer group.</summary>
    internal static KafkaRight OnGroup(AclOperation operation, string group) => new(operation, $"the group {group}");

    /// <inheritdoc/>
    public override string ToString() => $"{Name(Operation)} on {Resource}";

    // As kafka-acls and the documents of Kafka write it.
    private static string Name(AclOperation operation) => operation switch
    {
        AclOperation.DescribeConfigs => "DESCRIBE_CONFIGS",
        AclOperation.IdempotentWrite => "IDEMPOTENT_WRITE",
        _ => operation.ToString().ToUpperInvariant(),
    };
}
