namespace ContextGrid.Core.Expressions;

/// <summary>One word of the feature language.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">
/// A name without its back-quotes, a string's content with escapes resolved, else the characters as written; empty at
/// the end.
/// </param>
/// <param name="Offset">Where it starts in the text, in UTF-16 units.</param>
/// <param name="Quoted">A name in back-quotes, which is never a keyword.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Offset, bool Quoted = false)
{
    /// <summary>Whether this is the given operator or bracket.</summary>
    internal bool IsSymbol(string symbol) => Kind == TokenKind.Symbol && Text == symbol;

    /// <summary>Whether this is the given keyword.</summary>
    internal bool IsWord(string word) => Kind == TokenKind.Name && !Quoted && Text == word;

    /// <summary>The token as an error message names it.</summary>
    internal string Described => Kind switch
    {
        TokenKind.End => "the end of the line",
        TokenKind.Text => "the text \"" + Text + "\"",
        _ => "'" + Text + "'",
    };
}

/// <summary>The kinds of token.</summary>
internal enum TokenKind
{
    /// <summary>After the last token.</summary>
    End,

    /// <summary>A name or a keyword.</summary>
    Name,

    /// <summary>Digits.</summary>
    Integer,

    /// <summary>Digits with a fraction or an exponent.</summary>
    Double,

    /// <summary>Digits with a unit of time.</summary>
    Duration,

    /// <summary>A string literal.</summary>
    Text,

    /// <summary>An operator, a bracket, a comma or a bar.</summary>
    Symbol,
}
