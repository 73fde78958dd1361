using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ContextGrid.TestKit.Oracle;

/// <summary>Reads expressions and feature lines: a second reader of the language, for tests.</summary>
public sealed partial class OracleParser
{
    private static readonly string[][] Levels =
    [
        ["or"], ["and"], ["==", "!=", "<", "<=", ">", ">=", "in"], ["+", "-"], ["*", "/", "%"],
    ];

    private readonly string[] _tokens;
    private int _at;

    private OracleParser(string text) => _tokens = [.. Tokens().Matches(text).Select(m => m.Value)];

    private string Next => _at < _tokens.Length ? _tokens[_at] : "";

    /// <summary>Reads an expression.</summary>
    public static OracleExpression Expression(string text)
    {
        var parser = new OracleParser(text);
        OracleExpression result = parser.Binary(0);
        return parser.Next == "" ? result : throw new FormatException($"'{parser.Next}' is left over in: {text}");
    }

    /// <summary>Reads a feature's text: an aggregate over events, or an expression over features.</summary>
    public static OracleFeature Feature(string name, string text)
    {
        var parser = new OracleParser(text);
        if (parser._tokens.Length < 2 || parser._tokens[1] != "|")
        {
            return new OracleFeature(name, Expression(text));
        }

        string eventName = parser.Take();
        parser.Expect("|");
        var feature = new OracleFeature(name, eventName, parser.Take(), parser.Arguments());
        while (parser.Next != "")
        {
            feature = parser.Clause(feature);
        }

        return feature;
    }

    /// <summary>Reads a duration such as <c>90s</c> or <c>1h30m</c>, in milliseconds.</summary>
    public static long Duration(string text) => Parts().Matches(text).Sum(m =>
        long.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * m.Groups[2].Value switch
        {
            "ms" => 1L,
            "s" => 1_000L,
            "m" => 60_000L,
            "h" => 3_600_000L,
            "d" => 86_400_000L,
            _ => 604_800_000L,
        });

    private OracleFeature Clause(OracleFeature feature)
    {
        string word = Take();
        return word switch
        {
            "by" => feature with { By = Binary(0) },
            "top" => feature with { Top = int.Parse(Take(), CultureInfo.InvariantCulture) },
            "over" => feature with { Window = Window() },
            "where" => feature with { Where = Binary(0) },
            _ => throw new FormatException($"'{word}' is not understood in: {string.Join(' ', _tokens)}"),
        };
    }

    private OracleWindow Window()
    {
        string first = Take();
        switch (first)
        {
            case "tumbling": return OracleWindow.Tumbling(Duration(Take()));
            case "session": return OracleWindow.Session(Duration(Take()));
            case "hopping":
                long size = Duration(Take());
                Expect("every");
                return OracleWindow.Hopping(size, Duration(Take()));
        }

        switch (Next)
        {
            case "exact":
                Take();
                return OracleWindow.Exact(Duration(first));
            case "resolution":
                Take();
                return OracleWindow.Sliding(Duration(first), Duration(Take()));
            default:
                return OracleWindow.Sliding(Duration(first));
        }
    }

    private OracleExpression Binary(int level)
    {
        if (level == 2 && Next == "not")
        {
            Take();
            return OracleExpression.Call("not", Binary(2));
        }

        if (level == Levels.Length)
        {
            return Unary();
        }

        OracleExpression left = Binary(level + 1);
        while (Levels[level].Contains(Next))
        {
            string operation = Take();
            left = operation == "in"
                ? new OracleCall("in", [left, .. Arguments()])
                : OracleExpression.Call(operation, left, Binary(level + 1));
        }

        return left;
    }

    private OracleExpression Unary()
    {
        string token = Take();
        if (token == "-")
        {
            return Unary() switch
            {
                OracleLiteral { Value: long n } => OracleExpression.Literal(-n),
                OracleLiteral { Value: double d } => OracleExpression.Literal(-d),
                var inner => OracleExpression.Call("neg", inner),
            };
        }

        if (token == "(")
        {
            OracleExpression inner = Binary(0);
            Expect(")");
            return inner;
        }

        return Next == "(" && char.IsLetter(token[0]) ? new OracleCall(token, Arguments()) : Atom(token);
    }

    private static OracleExpression Atom(string token)
    {
        if (token is "null" or "true" or "false")
        {
            return OracleExpression.Literal(token == "null" ? null : token == "true");
        }

        if (token[0] == '"')
        {
            return OracleExpression.Literal(Escapes().Replace(token[1..^1], Unescape));
        }

        if (!char.IsDigit(token[0]))
        {
            return OracleExpression.Of(token.Trim('`'));
        }

        if (char.IsLetter(token[^1]))
        {
            return OracleExpression.Literal(Duration(token));
        }

        return long.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out long integer)
            ? OracleExpression.Literal(integer)
            : OracleExpression.Literal(double.Parse(token, CultureInfo.InvariantCulture));
    }

    private static string Unescape(Match escape) => escape.Groups[1].Value switch
    {
        "n" => "\n",
        "r" => "\r",
        "t" => "\t",
        { Length: 5 } unit => ((char)ushort.Parse(unit.AsSpan(1), NumberStyles.HexNumber, null)).ToString(),
        string other => other,
    };

    private ImmutableArray<OracleExpression> Arguments()
    {
        Expect("(");
        var arguments = ImmutableArray.CreateBuilder<OracleExpression>();
        while (Next != ")")
        {
            arguments.Add(Binary(0));
            if (Next == ",")
            {
                Take();
            }
        }

        Take();
        return arguments.ToImmutable();
    }

    private string Take() => _at < _tokens.Length ? _tokens[_at++] : throw new FormatException("The text ends early.");

    private void Expect(string token)
    {
        string found = Take();
        if (found != token)
        {
            throw new FormatException($"'{token}' is expected, '{found}' found in: {string.Join(' ', _tokens)}");
        }
    }

    [GeneratedRegex("""
        "(\\.|[^"\\])*"|`[^`]*`|(\d+(ms|[smhdw]))+\b|\d+(\.\d+)?([eE][+-]?\d+)?|\w+|[=!<>]=|\S
        """)]
    private static partial Regex Tokens();

    [GeneratedRegex(@"(\d+)(ms|[smhdw])")]
    private static partial Regex Parts();

    [GeneratedRegex(@"\\(u[0-9a-fA-F]{4}|.)")]
    private static partial Regex Escapes();
}
