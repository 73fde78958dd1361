using System.Collections.Immutable;
using System.Globalization;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>One published checkpoint: immutable, named by lineage and generation. docs/STORAGE.md has its
/// bytes.</summary>
public sealed record CheckpointManifest
{
    /// <summary>The names of manifests start with it.</summary>
    internal const string Prefix = "manifests/";

    /// <summary>Before the first checkpoint.</summary>
    public static CheckpointManifest Empty { get; } = new();

    /// <summary>Whose it is: the number of the owner's incarnation, from 1. No two openings have the same.</summary>
    public long Lineage { get; init; }

    /// <summary>From 1 in each lineage; every publish takes the next one.</summary>
    public long Generation { get; init; }

    /// <summary>The owner's epoch, which is its lineage: every opening takes a higher one.</summary>
    public long Epoch => Lineage;

    /// <summary>Whether it is no checkpoint but the end of the lineage: nothing can be published after it.</summary>
    internal bool IsSeal { get; init; }

    /// <summary>Who published it, for people.</summary>
    public string OwnerId { get; init; } = "";

    /// <summary>The opening that published it: tells two openings apart that chose the same epoch.</summary>
    public Guid Writer { get; init; }

    /// <summary>When, milliseconds since the Unix epoch.</summary>
    public long CreatedMs { get; init; }

    /// <summary>Positions, definitions and counters.</summary>
    public CheckpointContent Content { get; init; } = CheckpointContent.Empty;

    /// <summary>The live segments, newest last: of several records of an entity the one in the newest counts.</summary>
    public ImmutableArray<SegmentInfo> Segments { get; init; } = [];

    /// <summary>The blob's name.</summary>
    internal string BlobName => NameOf(Lineage, Generation);

    /// <summary>What names a shard's state by this manifest.</summary>
    internal ShardBase Base => new(Lineage, Generation);

    /// <summary>What the manifest says of a shard; null: nothing.</summary>
    internal ShardContent? Of(int shard)
    {
        foreach (ShardContent content in Content.Shards)
        {
            if (content.Shard == shard)
            {
                return content;
            }
        }

        return null;
    }

    /// <summary>Where the manifests of a lineage are.</summary>
    internal static string FolderOf(long lineage) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{lineage:D8}/");

    /// <summary>The name of a manifest: the lineage in 8 digits and the generation in 20, so that names sort as
    /// numbers.</summary>
    internal static string NameOf(long lineage, long generation) =>
        string.Create(CultureInfo.InvariantCulture, $"{FolderOf(lineage)}{generation:D20}");

    /// <summary>Lineage and generation of a manifest's name; zeros when the name is not one of a manifest.</summary>
    internal static ShardBase BaseOf(string name)
    {
        ReadOnlySpan<char> rest = name.StartsWith(Prefix, StringComparison.Ordinal) ? name.AsSpan(Prefix.Length) : "";
        return rest.Length == 29 && rest[8] == '/'
            && long.TryParse(rest[..8], NumberStyles.None, CultureInfo.InvariantCulture, out long lineage)
            && long.TryParse(rest[9..], NumberStyles.None, CultureInfo.InvariantCulture, out long generation)
            ? new ShardBase(lineage, generation)
            : default;
    }

    /// <summary>Whether a name is that of a manifest of format version 1, which had no lineages.</summary>
    internal static bool IsOfVersion1(string name) =>
        name.Length == Prefix.Length + 20 && name.StartsWith(Prefix, StringComparison.Ordinal)
        && !name.AsSpan(Prefix.Length).ContainsAnyExceptInRange('0', '9');
}

/// <summary>A live segment as its manifest names it.</summary>
/// <param name="Name">The blob's name.</param>
/// <param name="Bytes">The blob's size.</param>
/// <param name="FooterCrc">The CRC at the blob's end; it covers all other CRCs of the segment.</param>
/// <param name="Records">How many records, deletions included.</param>
/// <param name="Deletions">How many of them say that the entity was deleted.</param>
/// <param name="IsBase">Nothing older lies below it: deletions need not be kept.</param>
/// <param name="Shards">The shards for which it counts: its records of other shards are passed over.</param>
public sealed record SegmentInfo(
    string Name, long Bytes, uint FooterCrc, int Records, int Deletions, bool IsBase, ShardSet Shards);
