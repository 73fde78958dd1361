using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Globalization;
using ContextGrid.Adapters.Kafka;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Server.Cluster;
using ContextGrid.Server.Kafka;
using ContextGrid.Server.Limits;

namespace ContextGrid.Server;

/// <summary>What the command line of the server says.</summary>
/// <param name="Definitions">The directory of definitions.</param>
/// <param name="Data">The data directory.</param>
/// <param name="HttpPort">The HTTP port; 0: any free one.</param>
/// <param name="GrpcPort">The gRPC port; 0: any free one.</param>
/// <param name="Demo">Whether simulated traffic is streamed.</param>
/// <param name="DemoRate">Simulated events a second.</param>
/// <param name="DemoUsers">Simulated users.</param>
/// <param name="Rebuild">Whether all state is built from the log again.</param>
/// <param name="Partitions">Partitions of every source topic; 0: what it has, else 4.</param>
/// <param name="CheckpointInterval">The time between checkpoints.</param>
/// <param name="Retention">How long the log keeps records; zero: for ever.</param>
internal sealed record ServerOptions(
    string Definitions,
    string Data,
    int HttpPort,
    int GrpcPort,
    bool Demo,
    int DemoRate,
    int DemoUsers,
    bool Rebuild,
    int Partitions,
    TimeSpan CheckpointInterval,
    TimeSpan Retention)
{
    /// <summary>What clients may use at a time.</summary>
    internal ServerLimits Limits { get; init; } = new();

    /// <summary>How long it serves on after it has said that it is not ready, before it stops.</summary>
    internal TimeSpan Drain { get; init; }

    /// <summary>Gives the settings for Kafka; null: events are in the built-in log.</summary>
    internal Func<KafkaOptions>? Kafka { get; init; }

    /// <summary>The cluster that the server is a silo of; null: none.</summary>
    internal ClusterChoice? Cluster { get; init; }

    /// <summary>The schema registry's address; null: none.</summary>
    internal string? SchemaRegistry { get; init; }

    /// <summary>The memory for entities, bytes; 0: unlimited.</summary>
    internal long MemoryMaxBytes { get; init; }

    /// <summary>Where the checkpoints are; null: in the data directory.</summary>
    internal SnapshotsChoice? Snapshots { get; init; }

    // Half: the heap of a busy server is larger than what lives in it, and the log's pages want to stay cached.
    private static long MemoryDefaultBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;

    /// <summary>
    /// Parses the command line and runs the server; prints help or what is wrong otherwise.
    /// </summary>
    /// <returns>The exit code: that of <paramref name="run"/>, or 2 for wrong use.</returns>
    internal static int Parse(string[] args, Func<ServerOptions, Task<int>> run) => Invoke(Command(run), args);

    /// <summary>The command with all options.</summary>
    internal static RootCommand Command(Func<ServerOptions, Task<int>> run)
    {
        var definitions = Folder(
            "--definitions", "Directory of definitions (*.yaml). Default: with --demo the examples, else definitions");
        var data = Folder(
            "--data", "Directory of log and checkpoints, made when missing. Default: with --demo data/demo, else data");
        var http = Port("--http", 7080, "HTTP port on 127.0.0.1; 0: any free port");
        var grpc = Port("--grpc", 7081, "gRPC port on 127.0.0.1; 0: any free port");
        var demo = Switch("--demo", "Stream simulated payments and logins");
        var rate = Number("--demo-rate", 200, 1, 100_000, "Simulated events a second");
        var users = Number("--demo-users", 1000, 1, 10_000_000, "Simulated users");
        var rebuild = Switch("--rebuild", "Put the checkpoints aside and build all state from the log");
        var partitions = Number("--partitions", 0, 0, 1024, "Partitions of every source topic; 0: what it has, else 4");
        var interval = Number("--checkpoint-interval", 5, 1, 3600, "Seconds between checkpoints");
        var retention = Number("--retention-days", 30, 0, 36_500, "Days that the log keeps records; 0: for ever");
        var memory = Size("--memory-max", "Memory for entities, as 512MB or 2GB; 0: unlimited. Default: half of all");
        var drain = Number("--drain-seconds", 3, 0, 300, "Seconds that it serves on, not ready, after SIGTERM");
        var registry = Folder("--schema-registry", SchemaRegistries.Help);
        var root = new RootCommand("The ContextGrid server: live context from event streams.")
        {
            definitions, data, http, grpc, demo, rate, users, rebuild, partitions, interval, retention, memory,
            registry, drain,
        };
        (var limits, var kafka) = (LimitArguments.AddTo(root), KafkaArguments.AddTo(root));
        (var snapshots, var cluster) = (SnapshotsOption.AddTo(root), ClusterArguments.AddTo(root));
        root.SetAction(result => run(new ServerOptions(
            result.GetValue(definitions) ?? (result.GetValue(demo) ? ExamplesDirectory() : "definitions"),
            result.GetValue(data) ?? (result.GetValue(demo) ? Path.Combine("data", "demo") : "data"),
            result.GetValue(http), result.GetValue(grpc), result.GetValue(demo), result.GetValue(rate),
            result.GetValue(users), result.GetValue(rebuild), result.GetValue(partitions),
            TimeSpan.FromSeconds(result.GetValue(interval)), TimeSpan.FromDays(result.GetValue(retention)))
        {
            Limits = limits.Read(result),
            Kafka = kafka.Read(result),
            Snapshots = snapshots.Read(result),
            Cluster = cluster.Read(result),
            SchemaRegistry = result.GetValue(registry),
            Drain = TimeSpan.FromSeconds(result.GetValue(drain)),
            MemoryMaxBytes = ByteSize.Of(result.GetValue(memory)) ?? MemoryDefaultBytes,
        }));
        IdleOptions.AddTo(root);
        return root;
    }

    /// <summary>What the host needs to know.</summary>
    internal EmbeddedHostOptions ToHostOptions(DefinitionSet definitions) => new()
    {
        Definitions = definitions,
        DataDirectory = Data,
        Partitions = Partitions,
        CheckpointInterval = CheckpointInterval,
        RetentionTime = Retention,
        MemoryMaxBytes = MemoryMaxBytes,
        Rebuild = Rebuild,
    };

    private static int Invoke(RootCommand root, string[] args)
    {
        IReadOnlyList<string> arguments = ServerArguments.Read(
            root.Options, KafkaArguments.MayBeEmpty, args, out string? error);
        if (error is not null)
        {
            Console.Error.WriteLine($"contextgrid: {error}");
            return 2;
        }

        // An argument that begins with @ names the file of a secret, not one with more arguments.
        ParseResult parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction)
        {
            foreach (ParseError wrong in parsed.Errors)
            {
                Console.Error.WriteLine($"contextgrid: {Sentence.End(wrong.Message)}");
            }

            Console.Error.WriteLine("Try --help for all options.");
            return 2;
        }

        return parsed.Invoke(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,

            // The host handles signals itself; the parser's handler would end the process two seconds after one, in
            // the middle of the last checkpoint.
            ProcessTerminationTimeout = null,
        });
    }

    private static Option<string?> Folder(string name, string description) => new(name) { Description = description };

    private static Option<string?> Size(string name, string description)
    {
        Option<string?> option = Folder(name, description);
        option.Validators.Add(result =>
        {
            string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (text.Length > 0 && ByteSize.Of(text) is null)
            {
                result.AddError($"{name} is {text}; it must be a size such as 512MB or 2GB, or 0.");
            }
        });
        return option;
    }

    private static Option<bool> Switch(string name, string description) => new(name) { Description = description };

    private static Option<int> Port(string name, int port, string description) =>
        Number(name, port, 0, 65_535, description);

    internal static Option<int> Number(string name, int value, int min, int max, string description)
    {
        var option = new Option<int>(name)
        {
            Description = description,
            DefaultValueFactory = _ => value,
        };
        option.Validators.Add(result =>
        {
            // Asking the result for its value throws where the text is no number, so the text itself is read.
            string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            bool isNumber = int.TryParse(
                text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number);
            if (text.Length > 0 && (!isNumber || number < min || number > max))
            {
                result.AddError(string.Create(
                    CultureInfo.InvariantCulture, $"{name} is {text}; it must be a whole number from {min} to {max}."));
            }
        });
        return option;
    }

    // The demonstration works from any working directory: the examples are found beside the sources.
    private static string ExamplesDirectory()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string examples = Path.Combine(at.FullName, "examples", "payments");
            if (Directory.Exists(examples))
            {
                return examples;
            }
        }

        return Path.Combine("examples", "payments");
    }
}

/// <summary>Sizes on the command line: <c>512MB</c>, <c>2GB</c>, <c>1.5GiB</c>. MB and MiB are both 2^20
/// bytes.</summary>
internal static class ByteSize
{
    private const string Letters = "KMGT";

    /// <summary>The bytes of a size.</summary>
    /// <param name="text">A number, and B, KB, MB, GB or TB, with or without an i; without a unit it is bytes.</param>
    /// <returns>Null when it is no size, or larger than any memory.</returns>
    internal static long? Of(string? text)
    {
        int digits = text.AsSpan().TrimEnd("KMGTIBkmgtib").Length;
        bool isNumber = double.TryParse(
            text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        ReadOnlySpan<char> unit = text.AsSpan(digits);
        int power = unit.IsEmpty ? 0 : Letters.IndexOf(char.ToUpperInvariant(unit[0]), StringComparison.Ordinal) + 1;
        bool isUnit = unit.Length == 0 || (power == 0 && unit.Equals("b", StringComparison.OrdinalIgnoreCase))
            || (power > 0 && unit[1..] is "" or "b" or "B" or "ib" or "iB" or "IB");
        double bytes = number * Math.Pow(1024, power);
        return isNumber && isUnit && bytes < long.MaxValue / 4.0 ? (long)bytes : null;
    }
}
