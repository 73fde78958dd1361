using System.Collections.Immutable;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>
/// Addition, subtraction, multiplication, division and remainder. Null operands, overflow of 64 bits, division by
/// zero, results that are no finite number, and times outside of <see cref="TimeRange"/> give null.
/// </summary>
public sealed class ArithmeticExpression : Expression
{
    private readonly BinaryOperator _operator;
    private readonly Expression _left;
    private readonly Expression _right;

    /// <summary>Creates the expression; the parser has chosen the type.</summary>
    internal ArithmeticExpression(BinaryOperator op, Expression left, Expression right, ValueKind type)
    {
        _operator = op;
        _left = left;
        _right = right;
        Type = type;
    }

    /// <inheritdoc/>
    public override ValueKind Type { get; }

    /// <inheritdoc/>
    public override ImmutableArray<Expression> Children => [_left, _right];

    /// <inheritdoc/>
    internal override int Precedence => BinaryOperators.Power(_operator);

    /// <inheritdoc/>
    public override Value Evaluate(ReadOnlySpan<Value> slots, ExpressionScratch scratch)
    {
        Value left = _left.Evaluate(slots, scratch);
        Value right = _right.Evaluate(slots, scratch);
        if (left.IsNull || right.IsNull)
        {
            return Value.Null;
        }

        return Type switch
        {
            ValueKind.Double => OfDoubles(left.ToDouble(), right.ToDouble()),
            ValueKind.Int64 => OfIntegers(left.Int64, right.Int64),
            _ => OfIntegers(left.Int64, right.Int64) is { IsNull: false } moment && TimeRange.Contains(moment.Int64)
                ? Value.Timestamp(moment.Int64)
                : Value.Null,
        };
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{BindingPower.Print(_left, Precedence)} {BinaryOperators.Text(_operator)} "
        + BindingPower.Print(_right, Precedence + 1);

    private Value OfDoubles(double left, double right) => Value.Of(_operator switch
    {
        BinaryOperator.Add => left + right,
        BinaryOperator.Subtract => left - right,
        BinaryOperator.Multiply => left * right,
        BinaryOperator.Divide => left / right,
        _ => left % right,
    });

    private Value OfIntegers(long left, long right)
    {
        long result;
        switch (_operator)
        {
            case BinaryOperator.Add:
                result = unchecked(left + right);
                return ((left ^ result) & (right ^ result)) < 0 ? Value.Null : Value.Of(result);
            case BinaryOperator.Subtract:
                result = unchecked(left - right);
                return ((left ^ right) & (left ^ result)) < 0 ? Value.Null : Value.Of(result);
            case BinaryOperator.Multiply:
                long high = Math.BigMul(left, right, out result);
                return high == result >> 63 ? Value.Of(result) : Value.Null;
            default:
                // The hardware traps the remainder of the smallest integer by minus one, which is zero.
                return right == 0 ? Value.Null : Value.Of(right == -1 ? 0 : left % right);
        }
    }
}
