using System.Collections.Immutable;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>
/// <c>and</c> and <c>or</c> in SQL's three-valued logic: null unless the other operand alone decides. The right
/// operand is evaluated only when the left one does not decide.
/// </summary>
public sealed class LogicExpression : Expression
{
    private readonly BinaryOperator _operator;
    private readonly Expression _left;
    private readonly Expression _right;

    /// <summary>Creates the expression from Bool operands.</summary>
    internal LogicExpression(BinaryOperator op, Expression left, Expression right)
    {
        _operator = op;
        _left = left;
        _right = right;
    }

    /// <inheritdoc/>
    public override ValueKind Type => ValueKind.Bool;

    /// <inheritdoc/>
    public override ImmutableArray<Expression> Children => [_left, _right];

    /// <inheritdoc/>
    internal override int Precedence => BinaryOperators.Power(_operator);

    /// <inheritdoc/>
    public override Value Evaluate(ReadOnlySpan<Value> slots, ExpressionScratch scratch)
    {
        bool decides = _operator == BinaryOperator.Or;
        Value left = _left.Evaluate(slots, scratch);
        if (!left.IsNull && left.Bool == decides)
        {
            return left;
        }

        Value right = _right.Evaluate(slots, scratch);
        bool rightDecides = !right.IsNull && right.Bool == decides;
        return left.IsNull && !rightDecides ? Value.Null : right;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{BindingPower.Print(_left, Precedence)} {BinaryOperators.Text(_operator)} "
        + BindingPower.Print(_right, Precedence + 1);
}
