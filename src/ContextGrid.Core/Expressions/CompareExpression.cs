using System.Collections.Immutable;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>A comparison of numbers, texts, timestamps or Bools. With a null operand it is null.</summary>
public sealed class CompareExpression : Expression
{
    private readonly BinaryOperator _operator;
    private readonly Expression _left;
    private readonly Expression _right;

    /// <summary>Creates the expression; the parser has checked the types.</summary>
    internal CompareExpression(BinaryOperator op, Expression left, Expression right)
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
    internal override int Precedence => BindingPower.Comparison;

    /// <inheritdoc/>
    public override Value Evaluate(ReadOnlySpan<Value> slots, ExpressionScratch scratch)
    {
        Value left = _left.Evaluate(slots, scratch);
        Value right = _right.Evaluate(slots, scratch);
        if (left.IsNull || right.IsNull)
        {
            return Value.Null;
        }

        int order = OperandOrder.Compare(left, right);
        return Value.Of(_operator switch
        {
            BinaryOperator.Equal => order == 0,
            BinaryOperator.NotEqual => order != 0,
            BinaryOperator.Less => order < 0,
            BinaryOperator.LessOrEqual => order <= 0,
            BinaryOperator.Greater => order > 0,
            _ => order >= 0,
        });
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{BindingPower.Print(_left, BindingPower.Comparison + 1)} {BinaryOperators.Text(_operator)} "
        + BindingPower.Print(_right, BindingPower.Comparison + 1);
}
