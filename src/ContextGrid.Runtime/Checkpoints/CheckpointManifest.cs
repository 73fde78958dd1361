using System.Collections.Immutable;
using System.Globalization;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>One published checkpoint: immutable, named by its generation. docs/STORAGE.md has its bytes.</summary>
public sealed record CheckpointManifest
{
    /// <summary>The names of manifests start with it.</summary>
    internal const string Prefix = "manifests/";

    /// <summary>Before the first checkpoint.</summary>
    public static CheckpointManifest Empty { get; } = new();

    /// <summary>From 1; every publish takes the next one.</summary>
    public long Generation { get; init; }

    /// <summary>From 1; every opening takes a higher one.</summary>
    public long Epoch { get; init; }

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
    internal string BlobName => NameOf(Generation);

    /// <summary>The name of a generation's manifest: its number in 20 digits, so that names sort as numbers.</summary>
    internal static string NameOf(long generation) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{generation:D20}");

    /// <summary>The generation in a manifest's name; −1 when the name is not one of a manifest.</summary>
    internal static long GenerationOf(string name) =>
        name.Length == Prefix.Length + 20 && name.StartsWith(Prefix, StringComparison.Ordinal)
        && long.TryParse(
            name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long generation)
            ? generation
            : -1;
}

/// <summary>A live segment as its manifest names it.</summary>
/// <param name="Name">The blob's name.</param>
/// <param name="Bytes">The blob's size.</param>
/// <param name="FooterCrc">The CRC at the blob's end; it covers all other CRCs of the segment.</param>
/// <param name="Records">How many records, deletions included.</param>
/// <param name="Deletions">How many of them say that the entity was deleted.</param>
/// <param name="IsBase">Nothing older lies below it: deletions need not be kept.</param>
public sealed record SegmentInfo(string Name, long Bytes, uint FooterCrc, int Records, int Deletions, bool IsBase);
