using System.Globalization;
using System.Numerics;
using System.Text;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Tests.Expressions;

/// <summary>
/// A random expression as fully parenthesised text, with a naive reference of its meaning over plain .NET objects
/// (long, double, string, bool, null) that shares no code with the evaluator.
/// </summary>
internal sealed record RandomExpression(string Text, Func<object?[], object?> Meaning)
{
    private static readonly string[] Texts = ["", "a", "B", "zz", "Grüße", "\\\"q\\\\"];

    /// <summary>Values for the first eight slots of <see cref="ExpressionTestScope"/>, some of them null.</summary>
    internal static object?[] Row(Random random) =>
    [
        Sometimes(random, Integer(random)), Sometimes(random, Integer(random)), Sometimes(random, Number(random)),
        Sometimes(random, Number(random)), Sometimes(random, Unescape(Texts[random.Next(Texts.Length)])),
        Sometimes(random, "a"), Sometimes(random, random.Next(2) == 0), Sometimes(random, random.Next(2) == 0),
    ];

    /// <summary>The evaluator's form of a plain object.</summary>
    internal static Value ToValue(object? plain) => plain switch
    {
        null => Value.Null,
        long l => Value.Of(l),
        double d => Value.Of(d),
        bool b => Value.Of(b),
        _ => Value.Text((string)plain),
    };

    /// <summary>An expression of a type, nested up to a depth.</summary>
    internal static RandomExpression Of(ValueKind type, int depth, Random random) => type switch
    {
        ValueKind.Int64 => depth == 0 ? IntegerLeaf(random) : IntegerNode(depth - 1, random),
        ValueKind.Double => depth == 0 ? DoubleLeaf(random) : DoubleNode(depth - 1, random),
        ValueKind.String => depth == 0 ? TextLeaf(random) : TextNode(depth - 1, random),
        _ => depth == 0 ? BoolLeaf(random) : BoolNode(depth - 1, random),
    };

    private static RandomExpression IntegerNode(int depth, Random random)
    {
        RandomExpression a = Of(ValueKind.Int64, depth, random);
        RandomExpression b = Of(ValueKind.Int64, random.Next(depth + 1), random);
        RandomExpression text = Of(ValueKind.String, 0, random);
        return random.Next(8) switch
        {
            0 => Strict(a, b, "({0} + {1})", (x, y) => Fit((BigInteger)(long)x + (long)y)),
            1 => Strict(a, b, "({0} - {1})", (x, y) => Fit((BigInteger)(long)x - (long)y)),
            2 => Strict(a, b, "({0} * {1})", (x, y) => Fit((BigInteger)(long)x * (long)y)),
            3 => Strict(a, b, "({0} % {1})",
                (x, y) => (long)y == 0 ? null : Fit(BigInteger.Remainder((long)x, (long)y))),
            4 => Strict(a, a, "(-{0})", (x, _) => Fit(-(BigInteger)(long)x)),
            5 => Strict(a, b, "max({0}, {1})", (x, y) => Math.Max((long)x, (long)y)),
            6 => Strict(text, text, "length({0})", (x, _) => (long)((string)x).EnumerateRunes().Count()),
            _ => Choose(ValueKind.Int64, a, depth, random),
        };
    }

    private static RandomExpression DoubleNode(int depth, Random random)
    {
        RandomExpression a = Of(random.Next(3) == 0 ? ValueKind.Int64 : ValueKind.Double, depth, random);
        RandomExpression b = Of(ValueKind.Double, random.Next(depth + 1), random);
        return random.Next(7) switch
        {
            0 => Strict(a, b, "({0} + {1})", (x, y) => Finite(ToDouble(x) + ToDouble(y))),
            1 => Strict(a, b, "({0} - {1})", (x, y) => Finite(ToDouble(x) - ToDouble(y))),
            2 => Strict(a, b, "({0} * {1})", (x, y) => Finite(ToDouble(x) * ToDouble(y))),
            3 => Strict(a, b, "({0} / {1})", (x, y) => Finite(ToDouble(x) / ToDouble(y))),
            4 => Strict(b, b, "abs({0})", (x, _) => Math.Abs(ToDouble(x))),
            5 => Strict(a, b, "min({0}, {1})", (x, y) => Math.Min(ToDouble(x), ToDouble(y))),
            _ => Choose(ValueKind.Double, b, depth, random),
        };
    }

    private static RandomExpression TextNode(int depth, Random random)
    {
        RandomExpression a = Of(ValueKind.String, depth, random);
        return random.Next(3) switch
        {
            0 => Strict(a, a, "lower({0})", (x, _) => ((string)x).ToLowerInvariant()),
            1 => Strict(a, a, "upper({0})", (x, _) => ((string)x).ToUpperInvariant()),
            _ => Choose(ValueKind.String, a, depth, random),
        };
    }

    private static RandomExpression BoolNode(int depth, Random random)
    {
        RandomExpression p = Of(ValueKind.Bool, depth, random);
        RandomExpression q = Of(ValueKind.Bool, random.Next(depth + 1), random);
        RandomExpression a = Of(ValueKind.Int64, depth, random);
        ValueKind other = random.Next(2) == 0 ? ValueKind.Int64 : ValueKind.Double;
        RandomExpression b = Of(other, random.Next(depth + 1), random);
        RandomExpression s = Of(ValueKind.String, random.Next(depth + 1), random);
        RandomExpression t = Of(ValueKind.String, 0, random);
        return random.Next(8) switch
        {
            0 => new($"({p.Text} and {q.Text})", row => And(p.Meaning(row), q.Meaning(row))),
            1 => new($"({p.Text} or {q.Text})", row => Not(And(Not(p.Meaning(row)), Not(q.Meaning(row))))),
            2 => new($"(not {p.Text})", row => Not(p.Meaning(row))),
            3 => Strict(a, b, "({0} <= {1})", (x, y) =>
                x is long l && y is long m ? l <= m : ToDouble(x) <= ToDouble(y)),
            4 => Strict(s, t, "({0} < {1})", (x, y) =>
                Encoding.UTF8.GetBytes((string)x).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes((string)y)) < 0),
            5 => new($"is_null({a.Text})", row => a.Meaning(row) is null),
            6 => new($"({s.Text} in ({t.Text}, if(true, null, \"\")))",
                row => s.Meaning(row) is string x && x.Equals(t.Meaning(row)) ? true : null),
            _ => Strict(s, t, "contains({0}, {1})",
                (x, y) => ((string)x).Contains((string)y, StringComparison.Ordinal)),
        };
    }

    private static RandomExpression Choose(ValueKind type, RandomExpression a, int depth, Random random)
    {
        RandomExpression b = Of(type, random.Next(depth + 1), random);
        RandomExpression condition = Of(ValueKind.Bool, random.Next(depth + 1), random);
        return random.Next(2) == 0
            ? new($"coalesce({a.Text}, {b.Text})", row => a.Meaning(row) ?? b.Meaning(row))
            : new($"if({condition.Text}, {a.Text}, {b.Text})",
                row => condition.Meaning(row) is true ? a.Meaning(row) : b.Meaning(row));
    }

    private static RandomExpression Strict(
        RandomExpression a, RandomExpression b, string format, Func<object, object, object?> meaning) =>
        new(string.Format(CultureInfo.InvariantCulture, format, a.Text, b.Text),
            row => a.Meaning(row) is { } x && b.Meaning(row) is { } y ? meaning(x, y) : null);

    private static RandomExpression IntegerLeaf(Random random)
    {
        long literal = Integer(random);
        int slot = random.Next(2);
        return random.Next(2) == 0
            ? new("ij"[slot].ToString(), row => row[slot])
            : new(literal.ToString(CultureInfo.InvariantCulture), _ => literal);
    }

    private static RandomExpression DoubleLeaf(Random random)
    {
        double literal = Number(random);
        string text = literal.ToString("R", CultureInfo.InvariantCulture);
        int slot = random.Next(2);
        return random.Next(2) == 0
            ? new("xy"[slot].ToString(), row => row[slot + 2])
            : new(text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text, _ => literal);
    }

    private static RandomExpression TextLeaf(Random random)
    {
        string literal = Texts[random.Next(Texts.Length)];
        int slot = random.Next(2);
        return random.Next(2) == 0
            ? new("st"[slot].ToString(), row => row[slot + 4])
            : new($"\"{literal}\"", _ => Unescape(literal));
    }

    private static RandomExpression BoolLeaf(Random random)
    {
        bool literal = random.Next(2) == 0;
        int slot = random.Next(2);
        return random.Next(3) > 0
            ? new("bc"[slot].ToString(), row => row[slot + 6])
            : new(literal ? "true" : "false", _ => literal);
    }

    private static object? And(object? p, object? q) =>
        p is false || q is false ? false : p is null || q is null ? null : true;

    private static object? Not(object? p) => p is bool b ? !b : null;

    private static object? Fit(BigInteger exact) =>
        exact >= long.MinValue && exact <= long.MaxValue ? (long)exact : null;

    private static object? Finite(double value) => double.IsFinite(value) ? value : null;

    private static double ToDouble(object value) => value is long l ? l : (double)value;

    private static object? Sometimes(Random random, object value) => random.Next(4) == 0 ? null : value;

    private static string Unescape(string literal) =>
        literal.Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);

    private static long Integer(Random random) => random.Next(8) switch
    {
        0 => long.MaxValue,
        1 => long.MinValue,
        2 => random.NextInt64(),
        _ => random.Next(-5, 6),
    };

    private static double Number(Random random) => random.Next(6) switch
    {
        0 => 1E+308,
        1 => -5E-324,
        2 => 0,
        _ => random.Next(-50, 50) / 8.0,
    };
}
