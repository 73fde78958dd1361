namespace ContextGrid.Core.Model;

/// <summary>The one place where messages get their last mark.</summary>
public static class Sentence
{
    /// <summary>The text with exactly one mark at its end: the one that it has, else a full stop.</summary>
    public static string End(string text)
    {
        string bare = text.TrimEnd();
        while (bare.Length > 1 && bare[^1] is '.' or ' ' && bare[^2] is '.' or '?' or '!' or ' ')
        {
            bare = bare[..^1];
        }

        return bare.Length == 0 || bare[^1] is '.' or '?' or '!' or '…' ? bare : bare + ".";
    }
}
