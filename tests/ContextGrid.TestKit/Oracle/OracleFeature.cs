using System.Collections.Immutable;

namespace ContextGrid.TestKit.Oracle;

/// <summary>A feature as the oracle knows it.</summary>
/// <param name="Name">The name.</param>
/// <param name="EventName">The event; empty for a derived feature.</param>
/// <param name="Aggregate">The aggregate's name, such as <c>sum</c>; empty for a derived feature.</param>
/// <param name="Arguments">The aggregate's arguments; for a derived feature its expression alone.</param>
public sealed record OracleFeature(
    string Name,
    string EventName,
    string Aggregate,
    ImmutableArray<OracleExpression> Arguments)
{
    /// <summary>A derived feature.</summary>
    public OracleFeature(string name, OracleExpression expression)
        : this(name, "", "", [expression])
    {
    }

    /// <summary>Whether the feature is computed from others.</summary>
    public bool IsDerived => Aggregate == "";

    /// <summary>The category; null: none.</summary>
    public OracleExpression? By { get; init; }

    /// <summary>How many categories; 0: all.</summary>
    public int Top { get; init; }

    /// <summary>The window.</summary>
    public OracleWindow Window { get; init; } = OracleWindow.Lifetime;

    /// <summary>The condition; null: all events.</summary>
    public OracleExpression? Where { get; init; }

    /// <summary>The argument that is a number written in the definition.</summary>
    public double Number(int argument) => OracleOrder.Number(((OracleLiteral)Arguments[argument]).Value);

    /// <summary>The line in the feature language.</summary>
    public string ToText()
    {
        if (IsDerived)
        {
            return Arguments[0].ToText();
        }

        // The half-life of ewma is written as a duration, not as a number of milliseconds.
        IEnumerable<string> arguments = Arguments.Select((a, i) =>
            Aggregate == "ewma" && i == 1 ? OracleWindow.Text((long)Number(1)) : a.ToText());
        string by = By is null ? "" : $" by {By.ToText()}" + (Top > 0 ? $" top {Top}" : "");
        string where = Where is null ? "" : $" where {Where.ToText()}";
        return $"{EventName} | {Aggregate}({string.Join(", ", arguments)}){by}{Window.ToText()}{where}";
    }
}
