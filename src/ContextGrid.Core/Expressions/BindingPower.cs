namespace ContextGrid.Core.Expressions;

/// <summary>
/// How strongly operators bind, weakest first. The parser and the printer share it, so they cannot disagree.
/// </summary>
internal static class BindingPower
{
    internal const int Or = 1;
    internal const int And = 2;
    internal const int Not = 3;
    internal const int Comparison = 4;
    internal const int Additive = 5;
    internal const int Multiplicative = 6;
    internal const int Unary = 7;
    internal const int Atom = 8;

    /// <summary>The operand's text, in parentheses when it binds weaker than <paramref name="atLeast"/>.</summary>
    internal static string Print(Expression operand, int atLeast) =>
        operand.Precedence >= atLeast ? operand.ToString() : "(" + operand + ")";
}
