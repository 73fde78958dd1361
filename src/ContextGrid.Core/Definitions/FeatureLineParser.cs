using System.Collections.Immutable;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Definitions;

/// <summary>
/// Reads one line of the feature language:
/// <c>event | aggregate(…) [by expression [top n]] [over window] [where predicate]</c>, or a derived expression.
/// </summary>
internal sealed class FeatureLineParser(FeatureScope scope)
{
    private const int TopMax = 1_000;

    /// <summary>
    /// Whether the line is an aggregate: it has a bar outside of texts. Lexical errors do not matter here.
    /// </summary>
    internal static bool IsAggregate(ImmutableArray<Token> tokens) => tokens.Any(t => t.IsSymbol("|"));

    /// <summary>Parses an aggregate feature; null, with the reasons in the errors, when it is wrong.</summary>
    internal AggregateFeature? ParseAggregate(string name, ImmutableArray<Token> tokens, LanguageErrors errors)
    {
        var cursor = new TokenCursor(tokens, errors);
        Token eventName = cursor.Take();
        if (eventName.Kind != TokenKind.Name || !cursor.TryTakeSymbol("|"))
        {
            errors.Syntax(eventName.Offset, "an aggregate feature starts with an event and '|', such as "
                + $"'payment | count()'; found {eventName.Described}");
            return null;
        }

        int eventIndex = scope.FindEvent(eventName, errors);
        ExpressionScope? fields = scope.FieldsOf(eventIndex);
        if (fields is null)
        {
            return null;
        }

        Token aggregateAt = cursor.Current;
        AggregateCall call = new AggregateParser(cursor, fields).Parse();
        (Expression? by, int top) = By(cursor, fields);
        Token windowAt = cursor.Current;
        WindowDefinition window = cursor.TryTakeWord("over")
            ? new WindowParser(cursor).Parse()
            : WindowDefinition.Lifetime;
        Expression? where = Where(cursor, fields);
        if (!cursor.AtEnd)
        {
            cursor.Fail(Unexpected(cursor.Current));
        }

        CheckRate(call, window, windowAt.IsWord("over") ? windowAt : aggregateAt, errors);
        ValueKind type = by is not null
            ? ValueKind.Map
            : AggregateSignature.Of(call.Kind).ResultType(call.Input?.Type ?? ValueKind.Null);
        return errors.Any ? null : new AggregateFeature(name, type, eventIndex, call, by, top, window, where);
    }

    /// <summary>Parses a derived feature; null, with the reasons in the errors, when it is wrong.</summary>
    internal static DerivedFeature? ParseDerived(
        string name, ImmutableArray<Token> tokens, ExpressionScope features, LanguageErrors errors)
    {
        Token first = tokens[0];
        bool isBareAggregate = first.Kind == TokenKind.Name && tokens.Length > 1 && tokens[1].IsSymbol("(")
            && AggregateSignature.Find(first.Text) is not null && FunctionSignature.Find(first.Text) is null;
        if (isBareAggregate)
        {
            errors.Syntax(
                first.Offset, $"the aggregate '{first.Text}' needs its event; write 'event | {first.Text}(…)'");
            return null;
        }

        var cursor = new TokenCursor(tokens, errors);
        Expression expression = new ExpressionParser(cursor, features).Parse();
        if (!cursor.AtEnd)
        {
            Token at = cursor.Current;
            bool isClause = at.IsWord("over") || at.IsWord("by") || at.IsWord("where");
            cursor.Fail(isClause
                ? $"found '{at.Text}' in a derived feature; only 'event | aggregate(…)' has it"
                : $"found {at.Described} after a complete expression; expected an operator");
        }

        // Null through a feature that is wrong itself is no second mistake.
        bool isMistaken = expression.Type == ValueKind.Map
            || (expression.Type == ValueKind.Null && SlotExpression.SlotsOf(expression).Length == 0);
        if (!errors.Any && isMistaken)
        {
            errors.Meaning(first.Offset, expression.Type == ValueKind.Map
                ? "a derived feature cannot be a map; use the feature itself, or length(…) of it"
                : "a derived feature needs a type; this expression is always null");
        }

        return errors.Any ? null : new DerivedFeature(name, expression);
    }

    private static (Expression? By, int Top) By(TokenCursor cursor, ExpressionScope fields)
    {
        if (!cursor.TryTakeWord("by"))
        {
            return (null, 0);
        }

        Token at = cursor.Current;
        Expression by = new ExpressionParser(cursor, fields).Parse();
        if (by.Type is not (ValueKind.String or ValueKind.Int64 or ValueKind.Bool or ValueKind.Null))
        {
            cursor.Errors.Meaning(at.Offset, $"'by' needs a string, an int64 or a bool; found {TypeNames.Of(by.Type)}");
        }

        if (!cursor.TryTakeWord("top"))
        {
            return (by, 0);
        }

        Token count = cursor.Take();
        if (count.Kind == TokenKind.Integer && int.TryParse(count.Text, out int top) && top is >= 1 and <= TopMax)
        {
            return (by, top);
        }

        cursor.Errors.Meaning(count.Offset, $"found {count.Described}; 'top' takes a literal 1 to {TopMax}");
        return (by, 0);
    }

    private static Expression? Where(TokenCursor cursor, ExpressionScope fields)
    {
        if (!cursor.TryTakeWord("where"))
        {
            return null;
        }

        Token at = cursor.Current;
        Expression where = new ExpressionParser(cursor, fields).Parse();
        if (!ExpressionRules.Fits(where.Type, ValueKind.Bool))
        {
            cursor.Errors.Meaning(at.Offset, $"'where' needs a bool; found {TypeNames.Of(where.Type)}");
        }
        else if (!cursor.Errors.Any && ExpressionRules.IsNeverTrue(where))
        {
            // What is wrong already stands as null in the expression; only a null that was written is told.
            cursor.Errors.Meaning(at.Offset, "'where' with null is never true; write is_null(x) to ask for null");
        }

        return where;
    }

    private static void CheckRate(AggregateCall call, WindowDefinition window, Token at, LanguageErrors errors)
    {
        if (call.Kind == AggregateKind.Rate && window.Kind is WindowKind.Lifetime or WindowKind.Session)
        {
            errors.Meaning(at.Offset, "rate needs a window of fixed size; write 'over 5m', 'over tumbling 5m' "
                + "or 'over hopping 1h every 5m'");
        }
    }

    private static string Unexpected(Token at)
    {
        bool isClause = at.IsWord("by") || at.IsWord("over") || at.IsWord("where") || at.IsWord("top");
        return isClause
            ? $"'{at.Text}' stands at the wrong place; the order is: by … top … over … where …"
            : $"found {at.Described}; expected by, over, where or the end of the line";
    }
}
