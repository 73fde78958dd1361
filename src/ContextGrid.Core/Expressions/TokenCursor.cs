using System.Collections.Immutable;

namespace ContextGrid.Core.Expressions;

/// <summary>A position in a line's tokens, with the moves that parsers need.</summary>
internal sealed class TokenCursor(ImmutableArray<Token> tokens, LanguageErrors errors)
{
    private int _index;

    /// <summary>Where errors go.</summary>
    internal LanguageErrors Errors => errors;

    /// <summary>The token that is next.</summary>
    internal Token Current => tokens[_index];

    /// <summary>The token after the next.</summary>
    internal Token Following => tokens[Math.Min(_index + 1, tokens.Length - 1)];

    /// <summary>Whether all tokens are used up.</summary>
    internal bool AtEnd => Current.Kind == TokenKind.End;

    /// <summary>Takes the next token; the End stays.</summary>
    internal Token Take()
    {
        Token token = Current;
        _index = Math.Min(_index + 1, tokens.Length - 1);
        return token;
    }

    /// <summary>Takes the next token if it is the given symbol.</summary>
    internal bool TryTakeSymbol(string symbol) => Current.IsSymbol(symbol) && Take() is var _;

    /// <summary>Takes the next token if it is the given keyword.</summary>
    internal bool TryTakeWord(string word) => Current.IsWord(word) && Take() is var _;

    /// <summary>Takes the given symbol, or fails.</summary>
    /// <param name="symbol">What must come.</param>
    /// <param name="after">What it follows, for the message.</param>
    internal bool Expect(string symbol, string after) =>
        TryTakeSymbol(symbol) || Fail($"found {Current.Described}; expected '{symbol}' after {after}");

    /// <summary>
    /// Records a syntax error at the next token and moves to the end, so that nothing more is parsed.
    /// </summary>
    /// <returns>Always false.</returns>
    internal bool Fail(string message) => FailAt(Current, message);

    /// <summary>As <see cref="Fail"/>, at a token that is taken already.</summary>
    internal bool FailAt(Token token, string message)
    {
        errors.Syntax(token.Offset, message);
        _index = tokens.Length - 1;
        return false;
    }
}
