using System.Collections.Immutable;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>
/// <c>x in (a, b, …)</c> as in SQL: null when x is null; true when x equals an item; else null when an item is null;
/// else false.
/// </summary>
public sealed class InExpression : Expression
{
    private readonly Expression _operand;
    private readonly ImmutableArray<Expression> _items;

    /// <summary>Creates the expression; the parser has checked that the types compare.</summary>
    internal InExpression(Expression operand, ImmutableArray<Expression> items)
    {
        _operand = operand;
        _items = items;
        Children = [operand, .. items];
    }

    /// <inheritdoc/>
    public override ValueKind Type => ValueKind.Bool;

    /// <inheritdoc/>
    public override ImmutableArray<Expression> Children { get; }

    /// <inheritdoc/>
    internal override int Precedence => BindingPower.Comparison;

    /// <inheritdoc/>
    public override Value Evaluate(ReadOnlySpan<Value> slots, ExpressionScratch scratch)
    {
        Value operand = _operand.Evaluate(slots, scratch);
        bool unknown = operand.IsNull;
        for (int i = 0; i < _items.Length && !operand.IsNull; i++)
        {
            Value item = _items[i].Evaluate(slots, scratch);
            if (!item.IsNull && OperandOrder.Compare(operand, item) == 0)
            {
                return Value.Of(true);
            }

            unknown |= item.IsNull;
        }

        return unknown ? Value.Null : Value.Of(false);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{BindingPower.Print(_operand, BindingPower.Comparison + 1)} in ({string.Join(", ", _items)})";
}
