using System.Text;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>
/// Splits the source of a .proto file into tokens: words with their dots, numbers, texts and single signs.
/// </summary>
internal sealed class ProtoLexer
{
    private readonly string _source;
    private int _at;
    private int _line = 1;

    internal ProtoLexer(string source)
    {
        _source = source;
        Next();
    }

    /// <summary>The token that the lexer stands at; empty at the end, and for an empty text.</summary>
    internal string Token { get; private set; } = "";

    /// <summary>Whether it is a text in quotes.</summary>
    internal bool IsText { get; private set; }

    /// <summary>Whether the source is read.</summary>
    internal bool IsEnd { get; private set; }

    /// <summary>Whether the token is a sign or word, and not the same characters in quotes.</summary>
    internal bool Is(string word) => !IsText && !IsEnd && Token == word;

    /// <summary>Takes the token and moves on.</summary>
    internal string Take()
    {
        string taken = Token;
        Require(!IsEnd, "more");
        Next();
        return taken;
    }

    /// <summary>Moves over a sign or word, if it is there.</summary>
    internal bool TryTake(string word)
    {
        bool isThere = Is(word);
        if (isThere)
        {
            Next();
        }

        return isThere;
    }

    /// <summary>Moves over a sign or word.</summary>
    internal void Expect(string word) => Require(TryTake(word), $"'{word}'");

    /// <summary>Takes a name.</summary>
    internal string TakeName()
    {
        Require(!IsText && Token.Length > 0 && (char.IsLetter(Token[0]) || Token[0] is '_' or '.'), "a name");
        return Take();
    }

    /// <summary>Takes a text in quotes; adjacent ones are one.</summary>
    internal string TakeText()
    {
        Require(IsText, "a text");
        string text = Take();
        while (IsText)
        {
            text += Take();
        }

        return text;
    }

    /// <summary>Takes an integer.</summary>
    internal int TakeInt()
    {
        bool negative = TryTake("-");
        Require(ProtoNumber.TryRead(IsText ? "" : Token, negative, out int value), "a number");
        Next();
        return value;
    }

    /// <summary>Fails with the place.</summary>
    internal SchemaTextException Wrong(string meant) => new(
        $"line {_line}: found {(IsEnd ? "the end" : $"'{Token}'")}; {meant} was meant");

    private void Require(bool holds, string meant)
    {
        if (!holds)
        {
            throw Wrong(meant);
        }
    }

    private void Next()
    {
        SkipBlanks();
        IsText = false;
        IsEnd = _at == _source.Length;
        if (IsEnd)
        {
            Token = "";
            return;
        }

        char c = _source[_at];
        if (c is '"' or '\'')
        {
            ReadText(c);
            return;
        }

        int start = _at++;
        if (char.IsAsciiLetterOrDigit(c) || c is '_' or '.')
        {
            while (_at < _source.Length && IsWord(start))
            {
                _at++;
            }
        }

        Token = _source[start.._at];
    }

    private bool IsWord(int start)
    {
        char c = _source[_at];
        bool isExponent = c is '+' or '-' && char.IsAsciiDigit(_source[start]) && _source[_at - 1] is 'e' or 'E';
        return char.IsAsciiLetterOrDigit(c) || c is '_' or '.' || (isExponent && c is '+' or '-');
    }

    private void SkipBlanks()
    {
        while (_at < _source.Length)
        {
            if (char.IsWhiteSpace(_source[_at]))
            {
                _line += _source[_at] == '\n' ? 1 : 0;
                _at++;
            }
            else if (StartsWith("//"))
            {
                int end = _source.IndexOf('\n', _at);
                _at = end < 0 ? _source.Length : end;
            }
            else if (StartsWith("/*"))
            {
                int end = _source.IndexOf("*/", _at + 2, StringComparison.Ordinal);
                end = end < 0 ? _source.Length : end + 2;
                _line += _source.AsSpan(_at, end - _at).Count('\n');
                _at = end;
            }
            else
            {
                return;
            }
        }
    }

    private bool StartsWith(string text) =>
        string.CompareOrdinal(_source, _at, text, 0, text.Length) == 0;

    private void ReadText(char quote)
    {
        var text = new StringBuilder();
        for (_at++; _at < _source.Length && _source[_at] != quote; _at++)
        {
            bool isEscape = _source[_at] == '\\' && _at + 1 < _source.Length;
            _at += isEscape ? 1 : 0;
            text.Append(isEscape ? Unescape(_source[_at]) : _source[_at]);
        }

        Token = text.ToString();
        IsText = true;
        Require(_at < _source.Length, "the end of the text");
        _at++;
    }

    private static char Unescape(char c) => c switch
    {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        _ => c,
    };
}
