namespace ContextGrid.Adapters.Kafka;

/// <summary>The settings for Kafka can't be used.</summary>
/// <param name="message">One line: which setting, what is wrong, what to do. Never a secret.</param>
/// <param name="inner">The cause, if any.</param>
public sealed class KafkaOptionsException(string message, Exception? inner = null) : ArgumentException(message, inner);
