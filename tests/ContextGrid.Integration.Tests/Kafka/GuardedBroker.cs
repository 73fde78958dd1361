using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// A real broker with an authorizer: at its first port everybody may everything, at the other one the user
/// <c>grid</c> has the rights that it is granted.
/// </summary>
internal sealed class GuardedBroker : IAsyncDisposable
{
    private const string User = "User:grid";

    private readonly int _port;
    private readonly IAdminClient _admin;

    private GuardedBroker(KafkaBroker broker, int port)
    {
        (Open, _port) = (broker, port);
        _admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.BootstrapServers })
            .SetLogHandler((_, _) => { }).Build();
    }

    /// <summary>The port without guard.</summary>
    internal KafkaBroker Open { get; }

    internal static async Task<GuardedBroker> StartAsync()
    {
        int port = PartProcess.FreePort();
        return new GuardedBroker(
            await KafkaBroker.StartAsync(new KafkaListener("GUARDED", "SASL_PLAINTEXT", port, port,
            [
                "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users=User:ANONYMOUS",
                "listener.name.guarded.sasl.enabled.mechanisms=PLAIN",
                "listener.name.guarded.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule "
                + "required user_grid=\"open sesame\";",
            ])),
            port);
    }

    /// <summary>The arguments of a server that is the user.</summary>
    /// <param name="properties">Where the client's properties are written.</param>
    internal string[] Arguments(string properties)
    {
        File.WriteAllLines(properties,
        [
            "security.protocol=SASL_PLAINTEXT", "sasl.mechanism=PLAIN", "sasl.username=grid",
            "sasl.password=open sesame",
        ]);
        return ["--kafka", $"127.0.0.1:{_port}", "--kafka-properties", properties];
    }

    internal Task GrantAsync(string topic, params AclOperation[] operations) =>
        _admin.CreateAclsAsync(operations.Select(o => Binding(ResourceType.Topic, topic, o)));

    internal Task GrantGroupAsync(string group, AclOperation operation) =>
        _admin.CreateAclsAsync([Binding(ResourceType.Group, group, operation)]);

    internal Task TakeAsync(string topic, AclOperation operation) =>
        _admin.DeleteAclsAsync([Binding(ResourceType.Topic, topic, operation).ToFilter()]);

    /// <summary>The names of all topics.</summary>
    internal IEnumerable<string> Topics => _admin.GetMetadata(TimeSpan.FromMinutes(1)).Topics.Select(t => t.Topic);

    /// <summary>Writes a record, and waits until it is there.</summary>
    internal async Task ProduceAsync(string topic, string value)
    {
        using IProducer<Null, string> producer = new ProducerBuilder<Null, string>(
            new ProducerConfig { BootstrapServers = Open.BootstrapServers }).Build();
        await producer.ProduceAsync(topic, new Message<Null, string> { Value = value });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await Open.DisposeAsync();
    }

    private static AclBinding Binding(ResourceType type, string name, AclOperation operation) => new()
    {
        Pattern = new ResourcePattern { Type = type, Name = name, ResourcePatternType = ResourcePatternType.Literal },
        Entry = new AccessControlEntry
        {
            Principal = User, Host = "*", Operation = operation, PermissionType = AclPermissionType.Allow,
        },
    };
}
