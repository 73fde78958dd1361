namespace ContextGrid.Core.Expressions;

/// <summary>
/// The words that cannot be names without back-quotes. The words of windows (over, by, where …) are not among them:
/// they stand where no name can stand.
/// </summary>
internal static class Keywords
{
    private static readonly string[] Reserved = ["and", "or", "not", "in", "true", "false", "null"];

    /// <summary>Whether the word has a meaning of its own in expressions.</summary>
    internal static bool IsReserved(string word) => Array.IndexOf(Reserved, word) >= 0;

    /// <summary>A name as the language writes it, in back-quotes where needed.</summary>
    internal static string PrintName(string name) => Lexer.IsPlainName(name) ? name : "`" + name + "`";
}
