using System.Collections.Immutable;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Tests.Expressions;

/// <summary>The slots that the tests of expressions share.</summary>
internal static class ExpressionTestScope
{
    internal static readonly ImmutableArray<ExpressionSlot> Slots =
    [
        new("i", ValueKind.Int64), new("j", ValueKind.Int64), new("x", ValueKind.Double), new("y", ValueKind.Double),
        new("s", ValueKind.String), new("t", ValueKind.String), new("b", ValueKind.Bool), new("c", ValueKind.Bool),
        new("at", ValueKind.Timestamp), new("l", ValueKind.List), new("odd name", ValueKind.Int64),
        new("none", ValueKind.Int64),
    ];

    internal static ExpressionScope Scope { get; } = new("field of event 'test'", Slots);

    /// <summary>
    /// i=7, j=-2, x=2.5, y=0.0, s="Grüße", t="ü", b=true, c=false, at=Sunday 2024-02-25T23:59:59.999Z, l=[1, "a"].
    /// </summary>
    internal static Value[] Values() =>
    [
        Value.Of(7L), Value.Of(-2L), Value.Of(2.5), Value.Of(0.0), Value.Text("Grüße"), Value.Text("ü"), Value.Of(true),
        Value.Of(false), Value.Timestamp(1_708_905_599_999), Value.List([Value.Of(1L), Value.Text("a")], 0, 2),
        Value.Of(11L), Value.Null,
    ];

    internal static Expression Parse(string text)
    {
        var errors = new LanguageErrors();
        Expression? expression = ExpressionText.Parse(text, Scope, errors);
        Assert.True(expression is not null, $"{text}: {string.Join("; ", errors.All)}");
        return expression;
    }
}
