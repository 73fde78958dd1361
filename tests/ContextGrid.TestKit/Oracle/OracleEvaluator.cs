using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;

namespace ContextGrid.TestKit.Oracle;

/// <summary>
/// Evaluates expressions the plain way: boxed values, recursion, SQL's three-valued logic. Nothing of it is shared with
/// the product's evaluator.
/// </summary>
public static class OracleEvaluator
{
    /// <summary>The value of an expression, where <paramref name="lookUp"/> knows the fields or features.</summary>
    public static object? Evaluate(OracleExpression expression, Func<string, object?> lookUp)
    {
        switch (expression)
        {
            case OracleLiteral literal: return Finite(literal.Value);
            case OracleName name: return Finite(lookUp(name.Name));
        }

        var call = (OracleCall)expression;
        object?[] arguments = [.. call.Arguments.Select(a => Evaluate(a, lookUp))];
        return Finite(Apply(call.Function, arguments));
    }

    private static object? Apply(string function, object?[] a)
    {
        switch (function)
        {
            case "and": return And(a[0], a[1]);
            case "or": return And(Not(a[0]), Not(a[1])) is bool neither ? !neither : null;
            case "not": return Not(a[0]);
            case "is_null": return a[0] is null;
            case "coalesce": return WidenLike(a.FirstOrDefault(v => v is not null), a);
            case "if": return WidenLike(a[0] is true ? a[1] : a[2], a.AsSpan(1));
            case "in": return In(a);
        }

        if (Array.IndexOf(a, null) >= 0)
        {
            return null;
        }

        return function switch
        {
            "+" or "-" or "*" or "/" or "%" => Arithmetic(function, a[0]!, a[1]!),
            "==" or "!=" or "<" or "<=" or ">" or ">=" => Compare(function, a[0]!, a[1]!),
            "min" or "max" or "clamp" => Choose(function, a),
            "neg" or "abs" or "round" or "sqrt" or "log" or "exp" => Number(function, a),
            "lower" or "upper" or "length" or "contains" or "starts_with" => Text(function, a),
            "hour_of_day" => (long)Date(a[0]).Hour,
            "day_of_week" => DayOfWeek(Date(a[0])),
            _ => throw new InvalidOperationException($"The oracle has no function {function}."),
        };
    }

    // Arguments are not null where these are called: Apply has returned before.
    private static object? Arithmetic(string operation, object left, object right)
    {
        if (left is long a && right is long b && operation != "/")
        {
            return operation switch
            {
                "%" => b == 0 ? null : (long)((Int128)a % b),
                "+" => Fit((Int128)a + b),
                "-" => Fit((Int128)a - b),
                _ => Fit((Int128)a * b),
            };
        }

        double x = OracleOrder.Number(left), y = OracleOrder.Number(right);
        return operation switch
        {
            "+" => x + y,
            "-" => x - y,
            "*" => x * y,
            "/" => y == 0 ? null : x / y,
            _ => y == 0 ? null : x % y,
        };
    }

    private static object? Compare(string operation, object left, object right)
    {
        int order = OracleOrder.Instance.Compare(left, right);
        return operation switch
        {
            "==" => order == 0,
            "!=" => order != 0,
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }

    private static object? In(object?[] a)
    {
        if (a[0] is null)
        {
            return null;
        }

        bool found = a.Skip(1).Any(v => v is not null && OracleOrder.Instance.Compare(a[0]!, v) == 0);
        return found ? true : a.Skip(1).Contains(null) ? null : false;
    }

    private static object? Choose(string function, object?[] a)
    {
        object?[] sorted = [.. a.Order(OracleOrder.Instance!)];
        object? chosen = function switch
        {
            "min" => sorted[0],
            "max" => sorted[^1],
            _ => OracleOrder.Instance.Compare(a[0]!, a[1]!) < 0 ? a[1]
                : OracleOrder.Instance.Compare(a[0]!, a[2]!) > 0 ? a[2] : a[0],
        };
        return WidenLike(chosen, a);
    }

    private static object? Number(string function, object?[] a) => (function, a[0]) switch
    {
        ("neg", long n) => Fit(-(Int128)n),
        ("abs", long n) => Fit(Int128.Abs(n)),
        ("round", long n) => n,
        ("round", double d) => Round(d, a.Length > 1 ? (int)(long)a[1]! : 0), // Arguments are not null here.
        ("neg", double d) => -d,
        ("abs", double d) => Math.Abs(d),
        ("sqrt", _) => Math.Sqrt(OracleOrder.Number(a[0])),
        ("log", _) => Math.Log(OracleOrder.Number(a[0])),
        ("exp", _) => Math.Exp(OracleOrder.Number(a[0])),
        _ => throw new InvalidOperationException($"The oracle can't take {function} of {a[0]}."),
    };

    // The shortest decimal, cut and carried by hand: halves away from zero.
    private static double Round(double value, int digits)
    {
        string text = Math.Abs(value).ToString("E16", CultureInfo.InvariantCulture);
        for (int precision = 0; precision <= 16; precision++)
        {
            text = Math.Abs(value).ToString($"E{precision}", CultureInfo.InvariantCulture);
            if (double.Parse(text, CultureInfo.InvariantCulture) == Math.Abs(value))
            {
                break;
            }
        }

        string[] parts = text.Replace(".", "", StringComparison.Ordinal).Split('E');
        int drop = parts[0].Length - 1 - int.Parse(parts[1], CultureInfo.InvariantCulture) - digits;
        if (drop <= 0)
        {
            return value;
        }

        BigInteger unit = BigInteger.Pow(10, drop);
        BigInteger kept = (BigInteger.Parse(parts[0], CultureInfo.InvariantCulture) + (unit / 2)) / unit;
        return Math.Sign(value) * double.Parse($"{kept}E-{digits}", CultureInfo.InvariantCulture);
    }

    private static object? Text(string function, object?[] a)
    {
        string text = (string)a[0]!;
        return function switch
        {
            "lower" => text.ToLowerInvariant(),
            "upper" => text.ToUpperInvariant(),
            "length" => (long)text.EnumerateRunes().Count(),
            "contains" => text.Contains((string)a[1]!, StringComparison.Ordinal),
            _ => text.StartsWith((string)a[1]!, StringComparison.Ordinal),
        };
    }

    private static DateTimeOffset Date(object? time) => DateTimeOffset.FromUnixTimeMilliseconds(((OracleTime)time!).Ms);

    // ISO 8601: Monday is 1, Sunday is 7.
    private static object DayOfWeek(DateTimeOffset date) => date.DayOfWeek == 0 ? 7L : (long)date.DayOfWeek;

    private static object? And(object? left, object? right) =>
        left is false || right is false ? false : left is null || right is null ? null : true;

    private static object? Not(object? value) => value is bool b ? !b : null;

    private static object? Fit(Int128 value) => value >= long.MinValue && value <= long.MaxValue ? (long)value : null;

    private static object? Finite(object? value) => value is double d ? double.IsFinite(d) ? d + 0.0 : null : value;

    private static object? WidenLike(object? value, ReadOnlySpan<object?> others)
    {
        foreach (object? other in others)
        {
            if (value is long integer && other is double)
            {
                return (double)integer;
            }
        }

        return value;
    }
}
