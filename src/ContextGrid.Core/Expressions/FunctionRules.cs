using System.Collections.Immutable;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>Which types functions take and give.</summary>
internal static class FunctionRules
{
    private const int RoundDigitsMax = 15;

    /// <summary>The call of a function, or what stands in for it when it is wrong.</summary>
    internal static Expression Bind(Token name, ImmutableArray<CallArgument> arguments, ExpressionRules rules)
    {
        if (FunctionSignature.Find(name.Text) is not { } function)
        {
            IEnumerable<string> known = FunctionSignature.All.Select(f => f.Name);
            return rules.Wrong(name, $"unknown function '{name.Text}'{NearestName.Suggest(name.Text, known)}");
        }

        if (arguments.Length < function.ArgumentsMin || arguments.Length > function.ArgumentsMax)
        {
            return rules.Wrong(
                name, $"{name.Text} is called with {arguments.Length} arguments; write {function.Usage}");
        }

        string? wrong = null;
        int wrongIndex = 0;
        ValueKind? type = TypeOf(function, arguments, ref wrong, ref wrongIndex);
        return type is { } result
            ? new FunctionExpression(function, [.. arguments.Select(a => a.Expression)], result)
            : rules.Wrong(arguments[wrongIndex].Start, $"{function.Name} needs {wrong}; found "
                + TypeNames.Of(arguments[wrongIndex].Expression.Type));
    }

    private static ValueKind? TypeOf(
        FunctionSignature function, ImmutableArray<CallArgument> arguments, ref string? wrong, ref int wrongIndex)
    {
        var check = new ArgumentCheck(arguments);
        ValueKind? type = function.Kind switch
        {
            FunctionKind.IsNull => ValueKind.Bool,
            FunctionKind.Coalesce => check.Common(0, "values of one type", IsChoosable),
            FunctionKind.If => check.All(0, 1, "a bool as condition", k => k == ValueKind.Bool)
                ? check.Common(1, "two values of one type", IsChoosable) : null,
            FunctionKind.Lower or FunctionKind.Upper => check.Texts(ValueKind.String),
            FunctionKind.StartsWith => check.Texts(ValueKind.Bool),
            FunctionKind.Length => check.All(0, 1, "a string, a list or a map", HasLength) ? ValueKind.Int64 : null,
            FunctionKind.Contains => Contains(check, arguments[0].Expression.Type),
            FunctionKind.HourOfDay or FunctionKind.DayOfWeek =>
                check.All(0, 1, "a timestamp", k => k == ValueKind.Timestamp) ? ValueKind.Int64 : null,
            FunctionKind.HashBucket => check.All(0, 1, "a single value", IsSingle)
                && check.All(1, 1, "an int64 as number of buckets", k => k == ValueKind.Int64) ? ValueKind.Int64 : null,
            FunctionKind.Log or FunctionKind.Exp or FunctionKind.Sqrt =>
                check.All(0, 1, "a number", OperandOrder.IsNumber) ? ValueKind.Double : null,
            FunctionKind.Abs =>
                check.All(0, 1, "a number", OperandOrder.IsNumber) ? arguments[0].Expression.Type : null,
            FunctionKind.Round => Round(check, arguments),
            _ => check.Common(0, "numbers or timestamps", k => OperandOrder.IsNumber(k) || k == ValueKind.Timestamp),
        };
        (wrong, wrongIndex) = (check.Needed, check.WrongIndex);
        return type;
    }

    private static ValueKind? Contains(ArgumentCheck check, ValueKind container) =>
        container == ValueKind.List
            ? check.All(1, 1, "a single value to look for", IsSingle) ? ValueKind.Bool : null
            : check.All(0, 1, "a string or a list", k => k == ValueKind.String)
                && check.All(1, 1, "a string to look for", k => k == ValueKind.String) ? ValueKind.Bool : null;

    private static ValueKind? Round(ArgumentCheck check, ImmutableArray<CallArgument> arguments)
    {
        if (!check.All(0, 1, "a number", OperandOrder.IsNumber))
        {
            return null;
        }

        bool good = arguments.Length == 1
            || (arguments[1].Expression is LiteralExpression { Type: ValueKind.Int64 } digits
            && digits.Value.Int64 is >= 0 and <= RoundDigitsMax);
        return good || check.All(1, 1, $"a literal 0 to {RoundDigitsMax} as digits", _ => false)
            ? arguments[0].Expression.Type
            : null;
    }

    private static bool IsChoosable(ValueKind kind) => kind != ValueKind.Map;

    private static bool IsSingle(ValueKind kind) => kind is not (ValueKind.List or ValueKind.Map);

    private static bool HasLength(ValueKind kind) => kind is ValueKind.String or ValueKind.List or ValueKind.Map;
}
