using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>A field of the event or a feature of the entity.</summary>
public sealed class SlotExpression : Expression
{
    /// <summary>Creates the expression.</summary>
    /// <param name="slot">Index of the field or feature.</param>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type.</param>
    public SlotExpression(int slot, string name, ValueKind type)
    {
        Slot = slot;
        Name = name;
        Type = type;
    }

    /// <summary>Index of the field or feature.</summary>
    public int Slot { get; }

    /// <summary>Name of the field or feature.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public override ValueKind Type { get; }

    /// <summary>The slots that an expression reads, in the order of its text, each once. Allocates.</summary>
    public static int[] SlotsOf(Expression expression)
    {
        var slots = new List<int>();
        Collect(expression, slots);
        return [.. slots];
    }

    /// <inheritdoc/>
    public override Value Evaluate(ReadOnlySpan<Value> slots, ExpressionScratch scratch) => slots[Slot];

    /// <inheritdoc/>
    public override string ToString() => Keywords.PrintName(Name);

    private static void Collect(Expression expression, List<int> slots)
    {
        if (expression is SlotExpression slot && !slots.Contains(slot.Slot))
        {
            slots.Add(slot.Slot);
        }

        foreach (Expression child in expression.Children)
        {
            Collect(child, slots);
        }
    }
}
