using System.Collections.Immutable;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary><c>not</c>: the opposite of a Bool; null of null.</summary>
public sealed class NotExpression : Expression
{
    private readonly Expression _operand;

    /// <summary>Creates the expression from a Bool operand.</summary>
    internal NotExpression(Expression operand) => _operand = operand;

    /// <inheritdoc/>
    public override ValueKind Type => ValueKind.Bool;

    /// <inheritdoc/>
    public override ImmutableArray<Expression> Children => [_operand];

    /// <inheritdoc/>
    internal override int Precedence => BindingPower.Not;

    /// <inheritdoc/>
    public override Value Evaluate(ReadOnlySpan<Value> slots, ExpressionScratch scratch)
    {
        Value operand = _operand.Evaluate(slots, scratch);
        return operand.IsNull ? operand : Value.Of(!operand.Bool);
    }

    /// <inheritdoc/>
    public override string ToString() => "not " + BindingPower.Print(_operand, BindingPower.Not);
}
