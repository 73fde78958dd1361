using System.Collections.Immutable;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>Unary minus of a number. The smallest Int64 has no negative and gives null.</summary>
public sealed class NegateExpression : Expression
{
    private readonly Expression _operand;

    /// <summary>Creates the expression.</summary>
    internal NegateExpression(Expression operand) => _operand = operand;

    /// <inheritdoc/>
    public override ValueKind Type => _operand.Type;

    /// <inheritdoc/>
    public override ImmutableArray<Expression> Children => [_operand];

    /// <inheritdoc/>
    internal override int Precedence => BindingPower.Unary;

    /// <inheritdoc/>
    public override Value Evaluate(ReadOnlySpan<Value> slots, ExpressionScratch scratch)
    {
        Value operand = _operand.Evaluate(slots, scratch);
        return operand.Kind switch
        {
            ValueKind.Double => Value.Of(-operand.Double),
            ValueKind.Int64 when operand.Int64 != long.MinValue => Value.Of(-operand.Int64),
            _ => Value.Null,
        };
    }

    /// <inheritdoc/>
    public override string ToString() => "-" + BindingPower.Print(_operand, BindingPower.Unary);
}
