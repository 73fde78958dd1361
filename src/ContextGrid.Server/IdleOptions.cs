using System.CommandLine;
using System.CommandLine.Parsing;

namespace ContextGrid.Server;

/// <summary>
/// Options that would have no effect beside others. They are refused: who gives one wants what it says, and a server
/// that takes it in silence looks as if it did that.
/// </summary>
internal static class IdleOptions
{
    private const string Cluster = "--cluster", Kafka = "--kafka", Snapshots = "--snapshots";

    private static readonly Rule[] Rules =
    [
        new("--rebuild", [Cluster], "it is for a server of its own. Stop all silos and start them with an empty store "
            + "of --snapshots instead."),
        new("--partitions", [Kafka], "topics of Kafka have the partitions that they were made with. Take the option "
            + "out."),
        new("--retention-days", [Kafka], "how long topics of Kafka keep records is set there. Take the option out."),
        new("--data", [Cluster, Kafka, Snapshots], "events are in Kafka and the state is in the store of --snapshots, "
            + "so a silo has no data directory. Take the option out."),
        new("--demo-rate", [], "it is for --demo.") { Needs = "--demo" },
        new("--demo-users", [], "it is for --demo.") { Needs = "--demo" },
        new("--kafka-properties", [], "it is for --kafka.") { Needs = Kafka },
        new("--kafka-group", [], "it is for --kafka.") { Needs = Kafka },
        new("--kafka-lost-offsets", [], "it is for --kafka.") { Needs = Kafka },
        new("--dead-letter-topic", [], "it is for --kafka.") { Needs = Kafka },
    ];

    /// <summary>Refuses them.</summary>
    internal static void AddTo(RootCommand root) => root.Validators.Add(result =>
    {
        foreach (Rule rule in Rules.Where(r => IsGiven(result, r.Option)))
        {
            if (rule.Needs is { } needed ? !IsGiven(result, needed) : rule.Beside.All(o => IsGiven(result, o)))
            {
                string beside = rule.Beside.Length == 0 ? "" : $" beside {string.Join(", ", rule.Beside)}";
                result.AddError($"{rule.Option} has no effect{beside}: {rule.Why}");
            }
        }
    });

    private static bool IsGiven(CommandResult result, string name) =>
        result.Command.Options.FirstOrDefault(o => o.Name == name) is { } option
        && (result.GetResult(option) is { Implicit: false }
            || (name == Snapshots && !string.IsNullOrWhiteSpace(
                Environment.GetEnvironmentVariable(SnapshotsOption.Variable))));

    /// <summary>An option, and beside which others it has no effect.</summary>
    /// <param name="Option">The option.</param>
    /// <param name="Beside">All of these are given.</param>
    /// <param name="Why">Why it has none, and what to do.</param>
    private sealed record Rule(string Option, string[] Beside, string Why)
    {
        /// <summary>Without which other option it has no effect; null: there is none.</summary>
        internal string? Needs { get; init; }
    }
}
