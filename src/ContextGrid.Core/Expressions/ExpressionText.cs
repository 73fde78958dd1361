namespace ContextGrid.Core.Expressions;

/// <summary>Reads expressions; <see cref="Expression.ToString"/> writes them.</summary>
public static class ExpressionText
{
    /// <summary>Reads a whole text as one expression.</summary>
    /// <param name="text">At most 4,096 characters.</param>
    /// <param name="scope">The names that the expression can use.</param>
    /// <param name="errors">Receives what is wrong; empty before.</param>
    /// <returns>The expression; null when something is wrong.</returns>
    public static Expression? Parse(string text, ExpressionScope scope, LanguageErrors errors) =>
        ExpressionParser.Parse(text, scope, errors);
}
