using System.Text.RegularExpressions;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// Client properties in the form of Java's <c>kafka.properties</c>, as librdkafka wants them. Values may be
/// <c>${env:NAME}</c> or <c>${file:PATH}</c>, so that secrets stand in neither the file nor the command line.
/// </summary>
public static partial class KafkaProperties
{
    // What exactness, order or the bounds of memory depend on.
    private static readonly HashSet<string> Ours = new(StringComparer.Ordinal)
    {
        "acks", "auto.offset.reset", "bootstrap.servers", "check.crcs", "enable.auto.commit",
        "enable.auto.offset.store", "enable.idempotence", "enable.partition.eof", "group.id", "isolation.level",
        "max.in.flight.requests.per.connection", "message.max.bytes", "metadata.broker.list",
    };

    // Of the Java clients only: without a meaning here, and in nearly every file.
    private static readonly HashSet<string> Ignored = new(StringComparer.Ordinal)
    {
        "client.dns.lookup", "key.deserializer", "key.serializer", "max.poll.records", "value.deserializer",
        "value.serializer", "ssl.truststore.type", "ssl.keystore.type", "default.api.timeout.ms",
    };

    /// <summary>Reads a file of <c>name=value</c> lines; <c>#</c> and <c>!</c> begin comments.</summary>
    /// <exception cref="KafkaOptionsException">The file can't be read, or a line is wrong.</exception>
    public static IReadOnlyDictionary<string, string> Load(string path)
    {
        try
        {
            return Parse(File.ReadAllLines(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KafkaOptionsException($"The Kafka properties {path} can't be read: {e.Message}", e);
        }
    }

    /// <summary>Reads such lines.</summary>
    /// <param name="lines">The lines.</param>
    /// <param name="source">What to call their place in errors.</param>
    public static IReadOnlyDictionary<string, string> Parse(IReadOnlyList<string> lines, string source)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < lines.Count; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || line[0] is '#' or '!')
            {
                continue;
            }

            int split = line.IndexOf('=', StringComparison.Ordinal);
            if (split <= 0)
            {
                throw new KafkaOptionsException($"{source}:{i + 1}: a line is 'name=value'; this one has no '='.");
            }

            Add(found, line[..split].Trim(), Resolve(line[(split + 1)..].Trim(), $"{source}:{i + 1}"), source);
        }

        return found;
    }

    private static void Add(Dictionary<string, string> found, string name, string value, string source)
    {
        if (Ours.Contains(name))
        {
            throw new KafkaOptionsException(
                $"{source}: '{name}' is set by ContextGrid, because exactness depends on it. Take the line out.");
        }

        switch (name)
        {
            case "sasl.jaas.config":
                AddLogin(found, value, source);
                break;
            case "ssl.truststore.location" when value.EndsWith(".jks", StringComparison.OrdinalIgnoreCase):
                throw new KafkaOptionsException($"{source}: '{name}' is a Java key store, which only Java reads. "
                    + "Export the certificates as PEM and name them in ssl.ca.location.");
            case "ssl.truststore.location":
                found["ssl.ca.location"] = value;
                break;
            default:
                if (!Ignored.Contains(name))
                {
                    found[name] = value;
                }

                break;
        }
    }

    private static void AddLogin(Dictionary<string, string> found, string jaas, string source)
    {
        Match user = UserPattern().Match(jaas), password = PasswordPattern().Match(jaas);
        if (!user.Success || !password.Success)
        {
            throw new KafkaOptionsException(
                $"{source}: no username and password were found in sasl.jaas.config. Give sasl.username and "
                + "sasl.password instead.");
        }

        found["sasl.username"] = user.Groups[1].Value;
        found["sasl.password"] = password.Groups[1].Value;
    }

    private static string Resolve(string value, string place) => ReferencePattern().Replace(value, match =>
    {
        string kind = match.Groups[1].Value, name = match.Groups[2].Value;
        if (kind == "env")
        {
            return Environment.GetEnvironmentVariable(name)
                ?? throw new KafkaOptionsException($"{place}: the environment variable {name} is not set.");
        }

        try
        {
            return File.ReadAllText(name).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KafkaOptionsException($"{place}: {name} can't be read: {e.Message}", e);
        }
    });

    [GeneratedRegex(@"\$\{(env|file):([^}]+)\}")]
    private static partial Regex ReferencePattern();

    [GeneratedRegex("username=\"([^\"]*)\"")]
    private static partial Regex UserPattern();

    [GeneratedRegex("password=\"([^\"]*)\"")]
    private static partial Regex PasswordPattern();
}
