namespace ContextGrid.TestKit.Parts;

/// <summary>A port of a <see cref="KafkaBroker"/> beside its first one.</summary>
/// <param name="Name">In capitals.</param>
/// <param name="Protocol">Such as PLAINTEXT, SSL or SASL_SSL.</param>
/// <param name="Listen">The port on 127.0.0.1.</param>
/// <param name="Advertised">The port that clients are told which come that way, such as that of a proxy.</param>
/// <param name="Properties">More lines of the broker's configuration.</param>
public sealed record KafkaListener(
    string Name, string Protocol, int Listen, int Advertised, IReadOnlyList<string> Properties);
