using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// A real broker that takes TLS with passwords (PLAIN, SCRAM) or with clients' certificates only. Secrets come from
/// files, and are never shown.
/// </summary>
public sealed class KafkaSecurityTests : IDisposable
{
    private const string Secret = "correct-horse-battery";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new(OutputLoad.Definitions);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Start_WithTlsAndPasswordsOrCertificates_ReadsAndWritesAndShowsNoSecret()
    {
        Directory.CreateDirectory(_grid.At("keys"));
        var certificates = new KafkaCertificates(_grid.At("keys"), TimeProvider.System.GetUtcNow());
        int passwords = PartProcess.FreePort(), mutual = PartProcess.FreePort();
        await using KafkaBroker broker = await KafkaBroker.StartAsync(
            new KafkaListener("SECURE", "SASL_SSL", passwords, passwords, WithPasswords(certificates)),
            new KafkaListener("MUTUAL", "SSL", mutual, mutual, WithCertificates(certificates)));
        await KafkaTopics.CreateAsync(broker.BootstrapServers, ("payments", 1));
        await AddScramUserAsync(broker);
        File.WriteAllText(_grid.At("keys/secret"), Secret);
        int events = 0;
        foreach (string mechanism in (string[])["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
        {
            await RequireWorksAsync(passwords, Login(certificates, mechanism, "secret"), ++events);
        }

        await RequireWorksAsync(mutual, Certificate(certificates), ++events);

        File.WriteAllText(_grid.At("keys/wrong"), "wrong-" + Secret);
        await RequireRefusedAsync(passwords, Login(certificates, "PLAIN", "wrong"), "uthentication");
        await RequireRefusedAsync(
            mutual, [Trust(certificates), "security.protocol=SSL"], "The topic dead-letters can't be looked up");
    }

    private static string[] WithPasswords(KafkaCertificates certificates) =>
    [
        .. Identity("secure", certificates),
        "listener.name.secure.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
        "listener.name.secure.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required "
        + $"user_reader=\"{Secret}\";",
        .. new[] { "256", "512" }.Select(bits => $"listener.name.secure.scram-sha-{bits}.sasl.jaas.config="
            + "org.apache.kafka.common.security.scram.ScramLoginModule required;"),
    ];

    private static string[] WithCertificates(KafkaCertificates certificates) =>
    [
        .. Identity("mutual", certificates),
        "listener.name.mutual.ssl.client.auth=required",
        "listener.name.mutual.ssl.truststore.type=PEM",
        "listener.name.mutual.ssl.truststore.location=" + certificates.Authority,
    ];

    private static string[] Identity(string listener, KafkaCertificates certificates) =>
    [
        $"listener.name.{listener}.ssl.keystore.type=PEM",
        $"listener.name.{listener}.ssl.keystore.location={certificates.Broker}",
    ];

    private static string Trust(KafkaCertificates certificates) => "ssl.ca.location=" + certificates.Authority;

    private string[] Login(KafkaCertificates certificates, string mechanism, string password) =>
    [
        "security.protocol=SASL_SSL", Trust(certificates), "sasl.mechanism=" + mechanism, "sasl.username=reader",
        $"sasl.password=${{file:{_grid.At("keys/" + password)}}}",
    ];

    private static string[] Certificate(KafkaCertificates certificates) =>
    [
        "security.protocol=SSL", Trust(certificates), "ssl.certificate.location=" + certificates.Client,
        "ssl.key.location=" + certificates.ClientKey,
    ];

    private string[] Arguments(int port, string[] properties)
    {
        File.WriteAllLines(_grid.At("kafka.properties"), properties);
        return ["--kafka", $"127.0.0.1:{port}", "--kafka-properties", _grid.At("kafka.properties")];
    }

    private async Task RequireWorksAsync(int port, string[] properties, int events)
    {
        await using ServerProcess server = await _grid.StartAsync(Arguments(port, properties));
        using ContextGridClient client = GridFolder.Connect(server);
        PublishResult published = await client.PublishAsync("payments", """{"user":"u1","n":1}""");
        EntityResult user = await GridFolder.ReadAsync(client, "u1", published.Positions);
        Assert.Equal(events, user["payments"].AsInt64);
        using var http = new HttpClient { BaseAddress = server.Http };
        string shown = await http.GetStringAsync("/admin/v1/status") + await http.GetStringAsync("/metrics");
        Assert.Equal(0, await server.TerminateAsync(Limit));
        Assert.DoesNotContain(Secret, shown + server.Output, StringComparison.Ordinal);
    }

    private async Task RequireRefusedAsync(int port, string[] properties, string why)
    {
        ProcessRun run = await _grid.RunAsync(Arguments(port, properties));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(why, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, run.Error + run.Output, StringComparison.Ordinal);
    }

    private static async Task AddScramUserAsync(KafkaBroker broker)
    {
        foreach (string mechanism in new[] { "SCRAM-SHA-256", "SCRAM-SHA-512" })
        {
            ProcessRun run = await broker.RunToolAsync(
                "kafka.admin.ConfigCommand", "--alter", "--entity-type", "users", "--entity-name", "reader",
                "--add-config", $"{mechanism}=[password={Secret}]");
            run.RequireSuccess();
        }
    }
}
