using System.Text;

namespace ContextGrid.Orleans.Operations;

/// <summary>Takes keys of entities, which may be personal data, out of what Orleans says about grains.</summary>
internal static class EntityKeys
{
    private const string Prefix = "entity/";
    private const string Hidden = Prefix + "…";

    /// <summary>Whether a text may have a key in it.</summary>
    internal static bool MayBeIn(string? text) => text?.Contains(Prefix, StringComparison.Ordinal) == true;

    /// <summary>The text without what follows a grain's type on its line: a key may have any character, so that nobody
    /// can tell where it ends.</summary>
    internal static string Hide(string text)
    {
        if (!MayBeIn(text))
        {
            return text;
        }

        var hidden = new StringBuilder(text.Length);
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            int at = line.IndexOf(Prefix, StringComparison.Ordinal);
            hidden.Append(hidden.Length == 0 ? "" : "\n")
                .Append(at < 0 ? line : line[..at])
                .Append(at < 0 ? "" : Hidden);
        }

        return hidden.ToString();
    }
}
