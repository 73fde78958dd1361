using System.Collections.Immutable;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>
/// A call of a function. Except for <c>coalesce</c>, <c>if</c> and <c>is_null</c>, a null argument makes the result
/// null.
/// </summary>
public sealed class FunctionExpression : Expression
{
    private readonly FunctionSignature _function;
    private readonly ImmutableArray<Expression> _arguments;

    /// <summary>Creates the call; the parser has checked number and types.</summary>
    internal FunctionExpression(FunctionSignature function, ImmutableArray<Expression> arguments, ValueKind type)
    {
        _function = function;
        _arguments = arguments;
        Type = type;
    }

    /// <summary>Which function.</summary>
    public FunctionKind Function => _function.Kind;

    /// <inheritdoc/>
    public override ValueKind Type { get; }

    /// <inheritdoc/>
    public override ImmutableArray<Expression> Children => _arguments;

    /// <inheritdoc/>
    public override Value Evaluate(ReadOnlySpan<Value> slots, ExpressionScratch scratch)
    {
        switch (_function.Kind)
        {
            case FunctionKind.Coalesce: return Coalesce(slots, scratch);
            case FunctionKind.If:
                Value condition = _arguments[0].Evaluate(slots, scratch);
                int branch = !condition.IsNull && condition.Bool ? 1 : 2;
                return Widen(_arguments[branch].Evaluate(slots, scratch));
            case FunctionKind.IsNull: return Value.Of(_arguments[0].Evaluate(slots, scratch).IsNull);
            case FunctionKind.Min: return Extreme(slots, scratch, -1);
            case FunctionKind.Max: return Extreme(slots, scratch, 1);
        }

        Value first = _arguments[0].Evaluate(slots, scratch);
        Value second = _arguments.Length > 1 ? _arguments[1].Evaluate(slots, scratch) : Value.Of(0L);
        Value third = _arguments.Length > 2 ? _arguments[2].Evaluate(slots, scratch) : Value.Of(0L);
        return first.IsNull || second.IsNull || third.IsNull ? Value.Null : Strict(first, second, third, scratch);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{_function.Name}({string.Join(", ", _arguments)})";

    private Value Strict(in Value first, in Value second, in Value third, ExpressionScratch scratch) =>
        _function.Kind switch
        {
            FunctionKind.Lower => TextFunctions.ChangeCase(first, upper: false, scratch),
            FunctionKind.Upper => TextFunctions.ChangeCase(first, upper: true, scratch),
            FunctionKind.Length => TextFunctions.Length(first),
            FunctionKind.Contains => TextFunctions.Contains(first, second),
            FunctionKind.StartsWith => Value.Of(first.Utf8.StartsWith(second.Utf8)),
            FunctionKind.HourOfDay => TimeFunctions.HourOfDay(first.Int64),
            FunctionKind.DayOfWeek => TimeFunctions.DayOfWeek(first.Int64),
            FunctionKind.HashBucket => NumberFunctions.HashBucket(first, second.Int64),
            FunctionKind.Log => Value.Of(ElementaryMath.Log(first.ToDouble())),
            FunctionKind.Exp => Value.Of(ElementaryMath.Exp(first.ToDouble())),
            FunctionKind.Sqrt => Value.Of(Math.Sqrt(first.ToDouble())),
            FunctionKind.Abs => NumberFunctions.Abs(first),
            FunctionKind.Round => NumberFunctions.Round(first, (int)second.Int64),
            _ => Clamp(first, second, third),
        };

    private Value Coalesce(ReadOnlySpan<Value> slots, ExpressionScratch scratch)
    {
        foreach (Expression argument in _arguments)
        {
            Value value = argument.Evaluate(slots, scratch);
            if (!value.IsNull)
            {
                return Widen(value);
            }
        }

        return Value.Null;
    }

    private Value Extreme(ReadOnlySpan<Value> slots, ExpressionScratch scratch, int sign)
    {
        Value best = _arguments[0].Evaluate(slots, scratch);
        for (int i = 1; i < _arguments.Length && !best.IsNull; i++)
        {
            Value next = _arguments[i].Evaluate(slots, scratch);
            bool replaces = next.IsNull || OperandOrder.Compare(next, best) * sign > 0;
            best = replaces ? next : best;
        }

        return Widen(best);
    }

    private Value Clamp(in Value value, in Value low, in Value high)
    {
        if (OperandOrder.Compare(low, high) > 0)
        {
            return Value.Null;
        }

        return Widen(OperandOrder.Compare(value, low) < 0 ? low : OperandOrder.Compare(value, high) > 0 ? high : value);
    }

    /// <summary>An integer among doubles becomes a double, so that the result is always of the static type.</summary>
    private Value Widen(in Value value) =>
        Type == ValueKind.Double && value.Kind == ValueKind.Int64 ? Value.Of((double)value.Int64) : value;
}
