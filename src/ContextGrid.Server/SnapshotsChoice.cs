using System.Diagnostics.CodeAnalysis;
using ContextGrid.Adapters.AzureBlob;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;

namespace ContextGrid.Server;

/// <summary>
/// Where the checkpoints are when they are not in the data directory: another directory, or Azure Blob storage. What it
/// shows of itself has no secrets.
/// </summary>
/// <param name="Directory">The directory; null: Azure.</param>
/// <param name="Azure">The place in Azure; null: a directory.</param>
internal sealed record SnapshotsChoice(string? Directory, AzureBlobAddress? Azure)
{
    private const string AzurePrefix = "azure:", EnvironmentPrefix = "env:";
    private const int FileBytesMax = 64 << 10;

    /// <summary>Reads what an operator wrote.</summary>
    /// <param name="text"><c>DIR</c>, <c>azure:CONNECTION</c>, <c>azure:@FILE</c> with a file that holds CONNECTION, or
    /// <c>env:NAME</c> with an environment variable that holds one of the others.</param>
    /// <param name="choice">What it means; null: nothing.</param>
    /// <param name="error">Why it means nothing, without a secret; null: it means something.</param>
    internal static bool TryParse(
        string text, [NotNullWhen(true)] out SnapshotsChoice? choice, [NotNullWhen(false)] out string? error)
    {
        choice = null;
        if (text.StartsWith(EnvironmentPrefix, StringComparison.Ordinal))
        {
            string name = text[EnvironmentPrefix.Length..];
            string? value = name.Length == 0 ? null : Environment.GetEnvironmentVariable(name);
            if (string.IsNullOrWhiteSpace(value) || value.StartsWith(EnvironmentPrefix, StringComparison.Ordinal))
            {
                error = $"the environment variable '{name}' names no snapshots. Set it to DIR or azure:CONNECTION.";
                return false;
            }

            return TryParse(value, out choice, out error);
        }

        if (!text.StartsWith(AzurePrefix, StringComparison.Ordinal))
        {
            choice = string.IsNullOrWhiteSpace(text) ? null : new SnapshotsChoice(text, null);
            error = choice is null ? "it is empty. Name a directory, or azure:CONNECTION." : null;
            return error is null;
        }

        if (TryReadConnection(text[AzurePrefix.Length..], out string? connection, out error)
            && AzureBlobAddress.TryParse(connection, out AzureBlobAddress? address, out error))
        {
            choice = new SnapshotsChoice(null, address);
        }

        return error is null;
    }

    /// <summary>What a host takes.</summary>
    /// <param name="time">The clock.</param>
    internal SnapshotPlace ToPlace(TimeProvider time)
    {
        if (Azure is { } address)
        {
            return new SnapshotPlace
            {
                Name = address.Place,
                OpenAsync = async token =>
                    await AzureBlobSnapshotStore.OpenAsync(address, new AzureBlobOptions(), time, token),
            };
        }

        string path = Path.GetFullPath(Directory ?? "");
        return new SnapshotPlace
        {
            Name = path,
            OpenAsync = _ => new ValueTask<ISnapshotStore>(DirectorySnapshotStore.Open(path, time)),
            GarbageGrace = TimeSpan.Zero,
        };
    }

    private static bool TryReadConnection(
        string text, [NotNullWhen(true)] out string? connection, [NotNullWhen(false)] out string? error)
    {
        (connection, error) = (text, null);
        if (!text.StartsWith('@'))
        {
            return true;
        }

        string path = text[1..];
        try
        {
            var file = new FileInfo(path);
            connection = file.Length <= FileBytesMax ? File.ReadAllText(path).Trim() : null;
            error = connection is null ? $"the file {path} is too large for a connection." : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            (connection, error) = (null, $"the file '{path}' can't be read: {e.Message}");
        }

        return error is null;
    }
}
