using System.Globalization;
using System.Text;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>
/// Splits the source of a .proto file into tokens by the lexical rules of the Protocol Buffers language specification:
/// blanks and comments may stand between any two tokens, so also around the dots of a name. One token is looked ahead.
/// </summary>
internal sealed class ProtoLexer
{
    private const char ByteOrderMark = '\uFEFF';

    private readonly string _source;
    private readonly string _place;
    private ProtoToken? _following;
    private int _at;
    private int _line = 1;

    /// <param name="source">The text; a byte order mark in front is passed over.</param>
    /// <param name="place">What messages say in front of the line; empty for the schema itself.</param>
    internal ProtoLexer(string source, string place)
    {
        (_source, _place) = (source, place);
        _at = source.StartsWith(ByteOrderMark) ? 1 : 0;
        Current = Scan();
    }

    /// <summary>The token that the lexer stands at.</summary>
    internal ProtoToken Current { get; private set; }

    /// <summary>The token behind it.</summary>
    internal ProtoToken Following => _following ??= Scan();

    /// <summary>Whether the source is read.</summary>
    internal bool IsEnd => Current.Kind == ProtoTokenKind.End;

    /// <summary>Whether the token is this name or sign.</summary>
    internal bool Is(string word) => Current.Is(word);

    /// <summary>Takes the token and moves on.</summary>
    internal ProtoToken Take()
    {
        ProtoToken taken = Current;
        Require(!IsEnd, "more");
        Current = Following;
        _following = null;
        return taken;
    }

    /// <summary>Moves over a name or sign, if it is there.</summary>
    internal bool TryTake(string word)
    {
        bool isThere = Is(word);
        if (isThere)
        {
            Take();
        }

        return isThere;
    }

    /// <summary>Moves over a name or sign.</summary>
    internal void Expect(string word) => Require(TryTake(word), $"'{word}'");

    /// <summary>Takes a name without dots.</summary>
    internal string TakeName()
    {
        Require(Current.Kind == ProtoTokenKind.Name, "a name");
        return Take().Text;
    }

    /// <summary>Takes a name with dots, also with one in front; blanks and comments around the dots are no part of it.
    /// </summary>
    internal string TakePath()
    {
        var path = new StringBuilder(TryTake(".") ? "." : "");
        path.Append(TakeName());
        while (TryTake("."))
        {
            path.Append('.').Append(TakeName());
        }

        return path.ToString();
    }

    /// <summary>Takes a text in quotes; adjacent ones are one. Escapes may make it other bytes than UTF-8.</summary>
    internal byte[] TakeText()
    {
        Require(Current.Kind == ProtoTokenKind.Text, "a text");
        byte[] first = Take().Bytes;
        if (Current.Kind != ProtoTokenKind.Text)
        {
            return first;
        }

        using var all = new MemoryStream();
        all.Write(first);
        while (Current.Kind == ProtoTokenKind.Text)
        {
            all.Write(Take().Bytes);
        }

        return all.ToArray();
    }

    /// <summary>Takes an integer of 32 bits: decimal, hexadecimal or octal.</summary>
    internal int TakeInt()
    {
        bool isNegative = TryTake("-");
        ulong digits = 0;
        bool good = Current.Kind == ProtoTokenKind.Integer && ProtoNumbers.TryInteger(Current.Text, out digits);
        Require(good && digits <= (isNegative ? 1UL << 31 : int.MaxValue), "a number");
        Take();
        return (int)(isNegative ? -(long)digits : (long)digits);
    }

    /// <summary>What was found at the token, with its line, and what was meant.</summary>
    internal SchemaTextException Wrong(string meant) => Wrong(Current, meant);

    /// <summary>The same for a token that was taken.</summary>
    internal SchemaTextException Wrong(in ProtoToken token, string meant) => Wrong(
        token.Line, token.Kind == ProtoTokenKind.End ? "found the end" : $"found '{token.Text}'", meant);

    private SchemaTextException Wrong(int line, string found, string meant) => new(
        string.Create(CultureInfo.InvariantCulture, $"{_place}line {line}: {found}; {meant} was meant"));

    private void Require(bool holds, string meant)
    {
        if (!holds)
        {
            throw Wrong(meant);
        }
    }

    private ProtoToken Scan()
    {
        SkipBlanks();
        if (_at == _source.Length)
        {
            return new ProtoToken(ProtoTokenKind.End, "", [], _line);
        }

        char c = _source[_at];
        if (c is '"' or '\'')
        {
            return ScanText(c);
        }

        int start = _at++;
        bool isNumber = char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek(0)));
        ProtoTokenKind kind = ProtoTokenKind.Sign;
        if (isNumber)
        {
            kind = ScanNumber(start);
        }
        else if (char.IsAsciiLetter(c) || c == '_')
        {
            kind = ProtoTokenKind.Name;
            while (char.IsAsciiLetterOrDigit(Peek(0)) || Peek(0) == '_')
            {
                _at++;
            }
        }

        return new ProtoToken(kind, _source[start.._at], [], _line);
    }

    private ProtoTokenKind ScanNumber(int start)
    {
        bool isHex = _source[start] == '0' && Peek(0) is 'x' or 'X';
        bool isFloat = _source[start] == '.';
        while (true)
        {
            char c = Peek(0);
            bool isExponent = !isHex && c is 'e' or 'E';
            if (isExponent && Peek(1) is '+' or '-')
            {
                _at++;
            }

            if (!char.IsAsciiLetterOrDigit(c) && (c != '.' || isHex))
            {
                return isFloat ? ProtoTokenKind.Float : ProtoTokenKind.Integer;
            }

            isFloat |= isExponent || c == '.' || (!isHex && c is 'f' or 'F');
            _at++;
        }
    }

    private void SkipBlanks()
    {
        while (_at < _source.Length)
        {
            char c = _source[_at];
            if (char.IsWhiteSpace(c))
            {
                _line += c == '\n' ? 1 : 0;
                _at++;
            }
            else if (c == '/' && Peek(1) == '/')
            {
                int end = _source.IndexOf('\n', _at);
                _at = end < 0 ? _source.Length : end;
            }
            else if (c == '/' && Peek(1) == '*')
            {
                int end = _source.IndexOf("*/", _at + 2, StringComparison.Ordinal);
                if (end < 0)
                {
                    throw Wrong(_line, "a comment does not end", "'*/'");
                }

                _line += _source.AsSpan(_at, end - _at).Count('\n');
                _at = end + 2;
            }
            else
            {
                return;
            }
        }
    }

    private ProtoToken ScanText(char quote)
    {
        int line = _line;
        using var bytes = new MemoryStream();
        int from = ++_at;
        while (true)
        {
            char c = Peek(0);
            if (_at >= _source.Length || c == '\n')
            {
                throw Wrong(line, "a text does not end", $"{quote}");
            }

            if (c != quote && c != '\\')
            {
                _at++;
                continue;
            }

            bytes.Write(Encoding.UTF8.GetBytes(_source, from, _at - from));
            _at++;
            if (c == quote)
            {
                byte[] all = bytes.ToArray();
                return new ProtoToken(ProtoTokenKind.Text, Encoding.UTF8.GetString(all), all, line);
            }

            ScanEscape(bytes, line);
            from = _at;
        }
    }

    // Behind the backslash.
    private void ScanEscape(MemoryStream into, int line)
    {
        char c = Peek(0);
        switch (c)
        {
            case >= '0' and <= '7':
                into.WriteByte((byte)ScanDigits(8, 3));
                return;
            case 'x' or 'X':
                _at++;
                into.WriteByte((byte)ScanDigits(16, 2));
                return;
            case 'u' or 'U':
                _at++;
                int scalar = ScanDigits(16, c == 'u' ? 4 : 8);

                // A character beyond 16 bits may be written as two halves.
                if (char.IsHighSurrogate((char)scalar) && scalar <= char.MaxValue && Peek(0) == '\\' && Peek(1) == 'u')
                {
                    _at += 2;
                    int low = ScanDigits(16, 4);
                    scalar = char.IsLowSurrogate((char)low) ? char.ConvertToUtf32((char)scalar, (char)low) : scalar;
                }

                if (!Rune.IsValid(scalar))
                {
                    throw Wrong(line, "an escape is no character", "a Unicode scalar");
                }

                into.Write(Encoding.UTF8.GetBytes(new Rune(scalar).ToString()));
                return;
            default:
                _at++;
                into.Write(Encoding.UTF8.GetBytes(ProtoNumbers.Unescape(c).ToString()));
                return;
        }
    }

    private int ScanDigits(int radix, int digitsMax)
    {
        int value = 0;
        for (int i = 0; i < digitsMax && ProtoNumbers.DigitOf(Peek(0)) < radix; i++, _at++)
        {
            value = value * radix + ProtoNumbers.DigitOf(Peek(0));
        }

        return value;
    }

    private char Peek(int ahead) => _at + ahead < _source.Length ? _source[_at + ahead] : '\0';
}

/// <summary>A token.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">How it is written; of a text in quotes, what it says.</param>
/// <param name="Bytes">The bytes of a text in quotes; of others none.</param>
/// <param name="Line">Its line, from 1 on.</param>
internal readonly record struct ProtoToken(ProtoTokenKind Kind, string Text, byte[] Bytes, int Line)
{
    /// <summary>Whether it is this name or sign, and not the same characters in quotes.</summary>
    internal bool Is(string word) => Kind is ProtoTokenKind.Name or ProtoTokenKind.Sign && Text == word;
}

/// <summary>What a token is.</summary>
internal enum ProtoTokenKind
{
    End,
    Name,
    Integer,
    Float,
    Text,
    Sign,
}
