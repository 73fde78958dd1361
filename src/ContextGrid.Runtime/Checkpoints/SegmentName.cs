using System.Globalization;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// The names of segments: <c>segments/LINEAGE/GENERATION-NUMBER</c>, the lineage in 8 digits and the generation in 20.
/// A name is global: manifests of other lineages may name the segment too.
/// </summary>
internal static class SegmentName
{
    /// <summary>The names of segments start with it.</summary>
    public const string Prefix = "segments/";

    /// <summary>Builds a name.</summary>
    public static string Of(long lineage, long generation, int number) => string.Create(
        CultureInfo.InvariantCulture, $"{Prefix}{lineage:D8}/{generation:D20}-{number}");

    /// <summary>The lineage and the generation in a name; zeros when it is not the name of a segment.</summary>
    public static ShardBase BaseOf(string name)
    {
        ReadOnlySpan<char> rest = name.StartsWith(Prefix, StringComparison.Ordinal) ? name.AsSpan(Prefix.Length) : "";
        return rest.Length > 30 && rest[8] == '/' && rest[29] == '-'
            && long.TryParse(rest[..8], NumberStyles.None, CultureInfo.InvariantCulture, out long lineage)
            && long.TryParse(rest[9..29], NumberStyles.None, CultureInfo.InvariantCulture, out long generation)
            ? new ShardBase(lineage, generation)
            : default;
    }

    /// <summary>Whether a name is that of a segment of format version 1, which had no lineages.</summary>
    public static bool IsOfVersion1(string name) =>
        name.Length > Prefix.Length + 21 && name.StartsWith(Prefix, StringComparison.Ordinal)
        && name[Prefix.Length + 20] == '-'
        && !name.AsSpan(Prefix.Length, 20).ContainsAnyExceptInRange('0', '9');
}
