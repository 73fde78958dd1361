using System.Globalization;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Runtime.Verification;

/// <summary>
/// Checks the directory in which the silos of a cluster have their state: by which definitions it was made, the
/// checkpoints of entities, and those of Orleans' grains. How the states fit to the events is not checked. It moves
/// nothing: a part that goes back would not have what others have made durable.
/// </summary>
/// <param name="report">Takes the findings.</param>
/// <param name="root">The directory.</param>
internal sealed class ClusterVerifier(VerifyReport report, string root)
{
    private const string Shards = "shards";

    private readonly string _definitions = Path.Combine(root, StoredDefinitions.BlobName);

    /// <summary>Whether a directory has the state of a cluster.</summary>
    internal static bool IsState(string directory) => Directory.Exists(Path.Combine(directory, Shards))
        || File.Exists(Path.Combine(directory, StoredDefinitions.BlobName));

    /// <summary>Checks, and says what the next start does.</summary>
    /// <param name="definitions">The definitions that silos are to have; null: none are compared.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="VerifyException">Silos write there.</exception>
    internal async ValueTask<string> VerifyAsync(DefinitionSet? definitions, CancellationToken cancellationToken)
    {
        string[] before = Manifests();
        VerifyDefinitions(definitions);
        var checkpoints = new CheckpointsVerifier(report, root, new SnapshotVerifier(null, []), isShard: true);
        CheckpointsState state = await checkpoints.VerifyAsync(cancellationToken);
        await VerifyGrainsAsync(cancellationToken);
        if (!before.SequenceEqual(Manifests()))
        {
            throw new VerifyException(
                $"Silos have written to {root} meanwhile. Stop them first, or check a copy.", isWrongUse: false);
        }

        int shards = state.Ownership?.Shards.Length ?? 0;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"The next silos take the state of {shards} shards, and read what came after it from the log again.");
    }

    private async ValueTask VerifyGrainsAsync(CancellationToken cancellationToken)
    {
        string grains = Path.Combine(root, Shards);
        string[] paths = Directory.Exists(grains) ? Directory.GetFileSystemEntries(grains) : [];
        foreach (string path in paths.Order(StringComparer.Ordinal))
        {
            if (!IsShard(path))
            {
                ReportStranger(path);
                continue;
            }

            await new CheckpointsVerifier(report, path, SnapshotVerifier.OfCluster(), isShard: true)
                .VerifyAsync(cancellationToken);
        }
    }

    private string[] Manifests() =>
    [
        .. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .Where(f => f.Split(Path.DirectorySeparatorChar).Contains("manifests"))
            .Order(StringComparer.Ordinal),
    ];

    private void VerifyDefinitions(DefinitionSet? definitions)
    {
        const string Empty = "Restore a backup of the whole store, or start all silos with an empty one.";
        if (!File.Exists(_definitions))
        {
            report.Error(
                _definitions, null, "The file that says by which definitions the state was made is missing.",
                "Silos are refused.", Empty);
            return;
        }

        byte[] content = File.ReadAllBytes(_definitions);
        report.Bytes += content.Length;
        if (StoredDefinitions.Decode(content) is not { } stored)
        {
            report.Error(
                _definitions, null, "It does not say by which definitions the state was made.", "Silos are refused.",
                Empty);
            return;
        }

        report.Ok(_definitions, $"definitions of a cluster's state: {string.Join(", ", stored.Types)}");
        if (definitions is not null && StoredDefinitions.Of(definitions).WhyNot(stored) is { } why)
        {
            report.Error(
                _definitions, null, $"The state was not built with these definitions: {why}.",
                "Silos with these definitions are refused.", "Name the definitions that the silos ran with.");
        }
    }

    private static bool IsShard(string path) =>
        Path.GetFileName(path) is { Length: 5 } name && name.All(char.IsAsciiDigit) && Directory.Exists(path);

    private void ReportStranger(string path) => report.Warning(
        path, null, "It is no part of a cluster's state.", "Silos leave it alone.", "See who has put it there.");
}
