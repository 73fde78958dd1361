using System.Collections.Immutable;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>
/// A typed, immutable expression over the slots of an event (its fields) or of an entity (its features). Thread-safe.
/// </summary>
public abstract class Expression
{
    /// <summary>
    /// The static type; <see cref="ValueKind.Null"/> only for the literal null. A result is of it or null.
    /// </summary>
    public abstract ValueKind Type { get; }

    /// <summary>The operands and arguments, in the order of the text; empty for literals and slots.</summary>
    public virtual ImmutableArray<Expression> Children => [];

    /// <summary>How strongly the outermost operator binds; see <see cref="BindingPower"/>.</summary>
    internal virtual int Precedence => BindingPower.Atom;

    /// <summary>
    /// Computes the value. Deterministic; no allocation once <paramref name="scratch"/> has grown to fit.
    /// </summary>
    /// <param name="slots">Field or feature values by slot.</param>
    /// <param name="scratch">Where texts that the expression makes live until the scratch is reset.</param>
    public abstract Value Evaluate(ReadOnlySpan<Value> slots, ExpressionScratch scratch);

    /// <summary>
    /// The canonical text; parsing it gives an equal expression. Equal texts mean the same computation.
    /// </summary>
    public abstract override string ToString();
}
