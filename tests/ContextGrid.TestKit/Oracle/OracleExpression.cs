using System.Collections.Immutable;
using System.Globalization;

namespace ContextGrid.TestKit.Oracle;

/// <summary>An expression of the feature language as the oracle knows it: made, parsed and evaluated here.</summary>
public abstract record OracleExpression
{
    /// <summary>The text in the feature language, with every operator in parentheses.</summary>
    public abstract string ToText();

    /// <summary>A field or a feature.</summary>
    public static OracleExpression Of(string name) => new OracleName(name);

    /// <summary>An operator or a function applied to arguments.</summary>
    public static OracleExpression Call(string function, params OracleExpression[] arguments) =>
        new OracleCall(function, [.. arguments]);

    /// <summary>A literal.</summary>
    public static OracleExpression Literal(object? value) => new OracleLiteral(value);
}

/// <summary>A name of a field or a feature.</summary>
public sealed record OracleName(string Name) : OracleExpression
{
    /// <inheritdoc/>
    public override string ToText() => Name;
}

/// <summary>A literal: null, bool, long, double or string.</summary>
public sealed record OracleLiteral(object? Value) : OracleExpression
{
    /// <inheritdoc/>
    public override string ToText() => Value switch
    {
        null => "null",
        bool b => b ? "true" : "false",
        long n => n.ToString(CultureInfo.InvariantCulture),
        double d => Double(d),
        string s => "\"" + s.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"",
        _ => throw new InvalidOperationException($"There is no literal for {Value}."),
    };

    private static string Double(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().IndexOfAny(".eE") < 0 ? text + ".0" : text;
    }
}

/// <summary>An operator (<c>+</c>, <c>and</c>, <c>in</c>, <c>neg</c> …) or a function with its arguments.</summary>
public sealed record OracleCall(string Function, ImmutableArray<OracleExpression> Arguments) : OracleExpression
{
    /// <inheritdoc/>
    public override string ToText()
    {
        string[] parts = [.. Arguments.Select(a => a.ToText())];
        return Function switch
        {
            "neg" => $"(-{parts[0]})",
            "not" => $"(not {parts[0]})",
            "in" => $"({parts[0]} in ({string.Join(", ", parts.Skip(1))}))",
            _ when !char.IsLetter(Function[0]) || Function is "and" or "or" => $"({parts[0]} {Function} {parts[1]})",
            _ => $"{Function}({string.Join(", ", parts)})",
        };
    }
}
