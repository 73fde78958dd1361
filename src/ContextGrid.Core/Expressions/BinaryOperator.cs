namespace ContextGrid.Core.Expressions;

/// <summary>The operators between two operands.</summary>
public enum BinaryOperator
{
    /// <summary><c>or</c></summary>
    Or,

    /// <summary><c>and</c></summary>
    And,

    /// <summary><c>==</c></summary>
    Equal,

    /// <summary><c>!=</c></summary>
    NotEqual,

    /// <summary><c>&lt;</c></summary>
    Less,

    /// <summary><c>&lt;=</c></summary>
    LessOrEqual,

    /// <summary><c>&gt;</c></summary>
    Greater,

    /// <summary><c>&gt;=</c></summary>
    GreaterOrEqual,

    /// <summary><c>+</c></summary>
    Add,

    /// <summary><c>-</c></summary>
    Subtract,

    /// <summary><c>*</c></summary>
    Multiply,

    /// <summary><c>/</c></summary>
    Divide,

    /// <summary><c>%</c></summary>
    Remainder,
}

/// <summary>Texts and binding powers of the operators.</summary>
internal static class BinaryOperators
{
    private static readonly string[] Texts = ["or", "and", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"];

    /// <summary>The operator as written.</summary>
    internal static string Text(BinaryOperator op) => Texts[(int)op];

    /// <summary>The operator that a token is; null when it is none.</summary>
    internal static BinaryOperator? Find(Token token)
    {
        int index = token.Kind == TokenKind.Symbol || (token.Kind == TokenKind.Name && !token.Quoted)
            ? Array.IndexOf(Texts, token.Text)
            : -1;
        return index < 0 ? null : (BinaryOperator)index;
    }

    /// <summary>How strongly the operator binds.</summary>
    internal static int Power(BinaryOperator op) => op switch
    {
        BinaryOperator.Or => BindingPower.Or,
        BinaryOperator.And => BindingPower.And,
        <= BinaryOperator.GreaterOrEqual => BindingPower.Comparison,
        <= BinaryOperator.Subtract => BindingPower.Additive,
        _ => BindingPower.Multiplicative,
    };
}
