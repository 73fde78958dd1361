using System.CommandLine;
using System.CommandLine.Parsing;

namespace ContextGrid.Server;

/// <summary>
/// The option <c>--snapshots</c>. A command line can be read by every user of the machine, so that a secret is better
/// in a file or in the environment.
/// </summary>
internal sealed class SnapshotsOption
{
    /// <summary>Counts where the option is not given.</summary>
    internal const string Variable = "CONTEXTGRID_SNAPSHOTS";

    private readonly Option<string?> _option = new("--snapshots")
    {
        HelpName = "DIR|azure:CONNECTION",
        Description = "Where the checkpoints are: a directory, azure:CONNECTION, azure:@FILE, or env:NAME for the "
            + $"value of an environment variable. Default: {Variable} if set, else checkpoints in the data directory",
    };

    private SnapshotsOption()
    {
    }

    /// <summary>Adds it to a command.</summary>
    internal static SnapshotsOption AddTo(RootCommand root)
    {
        var snapshots = new SnapshotsOption();
        root.Add(snapshots._option);
        root.Validators.Add(snapshots.Validate);
        return snapshots;
    }

    /// <summary>What was chosen; null: nothing.</summary>
    internal SnapshotsChoice? Read(ParseResult result) =>
        Text(result.GetResult(_option)) is { } text
            && SnapshotsChoice.TryParse(text, out SnapshotsChoice? choice, out _)
            ? choice
            : null;

    private void Validate(CommandResult result)
    {
        OptionResult? given = result.GetResult(_option);
        if (Text(given) is { } text && !SnapshotsChoice.TryParse(text, out _, out string? error))
        {
            result.AddError($"{(given is null ? Variable : "--snapshots")}: {error}");
        }
    }

    private static string? Text(OptionResult? given)
    {
        if (given is not null)
        {
            return given.Tokens.Count == 1 ? given.Tokens[0].Value : null;
        }

        string? value = Environment.GetEnvironmentVariable(Variable);
        return string.IsNullOrWhiteSpace(value) ? null : value;
    }
}
