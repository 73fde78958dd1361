namespace ContextGrid.Runtime.Hosting;

/// <summary>What a replay rebuilds: one key, a range of keys, or, where none is named, all entities of a type.
/// </summary>
/// <param name="Type">The entity type.</param>
/// <param name="Version">Names the shadow version that takes the states, as in <c>user@2</c>: 1 to 64 letters of ASCII,
/// digits, <c>.</c>, <c>_</c>, <c>-</c>.</param>
/// <param name="Key">The one key; null: not one.</param>
/// <param name="From">The first key, in the order of UTF-8 bytes; null: from the first one there is.</param>
/// <param name="To">The key after the last one; null: to the last one there is.</param>
public sealed record ReplayRequest(
    string Type, string Version, string? Key = null, string? From = null, string? To = null)
{
    /// <summary>The longest id of a replay, and the longest name of a shadow version.</summary>
    public const int NameCharsMax = 64;
}
