using System.Globalization;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>The names of segments: <c>segments/GENERATION-NUMBER</c>, the generation in 20 digits.</summary>
internal static class SegmentName
{
    /// <summary>The names of segments start with it.</summary>
    public const string Prefix = "segments/";

    /// <summary>Builds a name.</summary>
    public static string Of(long generation, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{generation:D20}-{number}");

    /// <summary>The generation in a name; −1 when it is not the name of a segment.</summary>
    public static long GenerationOf(string name) =>
        name.Length > Prefix.Length + 21 && name.StartsWith(Prefix, StringComparison.Ordinal)
        && name[Prefix.Length + 20] == '-'
        && long.TryParse(
            name.AsSpan(Prefix.Length, 20), NumberStyles.None, CultureInfo.InvariantCulture, out long generation)
            ? generation
            : -1;
}
