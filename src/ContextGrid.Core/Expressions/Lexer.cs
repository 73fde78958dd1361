using System.Collections.Immutable;

namespace ContextGrid.Core.Expressions;

/// <summary>Splits a line of the feature language into tokens.</summary>
internal sealed class Lexer
{
    // A line longer than this is generated, and generated lines belong into several features. The limit also bounds the
    // depth of expressions, so that evaluation cannot overflow the stack.
    internal const int CharactersMax = 4_096;

    private static readonly string[] Symbols =
        ["==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "(", ")", ",", "|"];

    private readonly string _text;
    private readonly LanguageErrors _errors;
    private readonly ImmutableArray<Token>.Builder _tokens = ImmutableArray.CreateBuilder<Token>();
    private int _at;

    private Lexer(string text, LanguageErrors errors)
    {
        _text = text;
        _errors = errors;
    }

    private char Current => _at < _text.Length ? _text[_at] : '\0';

    /// <summary>
    /// All tokens of the text, closed by an End. After a lexical error the rest of the text is left out.
    /// </summary>
    internal static ImmutableArray<Token> Scan(string text, LanguageErrors errors)
    {
        var lexer = new Lexer(text, errors);
        if (text.Length > CharactersMax)
        {
            errors.Syntax(0, $"the line has {text.Length} characters; at most {CharactersMax} are allowed");
        }
        else
        {
            while (!errors.HasSyntaxError && lexer.Next())
            {
            }
        }

        lexer._tokens.Add(new Token(TokenKind.End, "", text.Length));
        return lexer._tokens.ToImmutable();
    }

    /// <summary>Whether a name can stand without back-quotes.</summary>
    internal static bool IsPlainName(string name) =>
        name.Length > 0 && IsNameStart(name[0]) && name.All(IsNamePart) && !Keywords.IsReserved(name);

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_';

    private static bool IsNamePart(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private bool Next()
    {
        while (Current is ' ' or '\t' or '\r' or '\n')
        {
            _at++;
        }

        if (_at >= _text.Length)
        {
            return false;
        }

        if (IsNameStart(Current))
        {
            int start = _at;
            TakeName();
            _tokens.Add(new Token(TokenKind.Name, _text[start.._at], start));
        }
        else if (char.IsAsciiDigit(Current))
        {
            Number();
        }
        else if (Current == '"')
        {
            if (TextLexer.Scan(_text, ref _at, _errors) is { } literal)
            {
                _tokens.Add(literal);
            }
        }
        else if (Current == '`')
        {
            QuotedName();
        }
        else
        {
            Symbol();
        }

        return true;
    }

    // A field's name may be a path: words with dots between them.
    private void TakeName()
    {
        TakeWhile(IsNamePart);
        while (Current == '.' && _at + 1 < _text.Length && IsNameStart(_text[_at + 1]))
        {
            _at++;
            TakeWhile(IsNamePart);
        }
    }

    private void TakeWhile(Func<char, bool> accepts)
    {
        while (_at < _text.Length && accepts(_text[_at]))
        {
            _at++;
        }
    }

    private void Number()
    {
        int start = _at;
        TakeWhile(char.IsAsciiDigit);
        TokenKind kind = TokenKind.Integer;
        if (Current == '.' && _at + 1 < _text.Length && char.IsAsciiDigit(_text[_at + 1]))
        {
            kind = TokenKind.Double;
            _at++;
            TakeWhile(char.IsAsciiDigit);
        }

        if (TakeExponent())
        {
            kind = TokenKind.Double;
        }

        int suffix = _at;
        TakeWhile(IsNamePart);
        if (_at > suffix && !(kind == TokenKind.Integer && DurationText.IsUnit(_text[suffix.._at])))
        {
            _errors.Syntax(start, $"'{_text[start.._at]}' is neither a number nor a duration; "
                + "a duration is a whole number and one of ms, s, m, h, d, w, such as 5m");
            return;
        }

        _tokens.Add(new Token(_at > suffix ? TokenKind.Duration : kind, _text[start.._at], start));
    }

    private bool TakeExponent()
    {
        int digits = _at + 1;
        if (Current is not ('e' or 'E'))
        {
            return false;
        }

        digits += digits < _text.Length && _text[digits] is '+' or '-' ? 1 : 0;
        if (digits >= _text.Length || !char.IsAsciiDigit(_text[digits]))
        {
            return false;
        }

        _at = digits;
        TakeWhile(char.IsAsciiDigit);
        return true;
    }

    private void QuotedName()
    {
        int end = _text.IndexOf('`', _at + 1);
        if (end < 0)
        {
            _errors.Syntax(_at, "a name in back-quotes has no end; add the closing `");
            return;
        }

        _tokens.Add(new Token(TokenKind.Name, _text[(_at + 1)..end], _at, Quoted: true));
        _at = end + 1;
    }

    private void Symbol()
    {
        foreach (string symbol in Symbols)
        {
            if (string.CompareOrdinal(_text, _at, symbol, 0, symbol.Length) == 0)
            {
                _tokens.Add(new Token(TokenKind.Symbol, symbol, _at));
                _at += symbol.Length;
                return;
            }
        }

        string hint = Current switch
        {
            '=' => "; compare with '=='",
            '&' => "; write 'and'",
            '!' => "; write 'not', or '!=' to compare",
            '\'' => "; texts stand in double quotes",
            '.' => "; a number starts with a digit",
            _ => "",
        };
        bool isVisible = !char.IsSurrogate(Current) && !char.IsControl(Current);
        string found = isVisible ? Current.ToString() : $"U+{(int)Current:X4}";
        _errors.Syntax(_at, $"the character '{found}' has no meaning here{hint}");
    }
}
