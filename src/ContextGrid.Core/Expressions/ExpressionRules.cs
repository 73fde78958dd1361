using System.Collections.Immutable;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>
/// Which types operators take and give. A Null type, which only a literal null or an error has, fits all.
/// </summary>
internal sealed class ExpressionRules(LanguageErrors errors)
{
    /// <summary>Records an error and stands in for what is wrong.</summary>
    internal Expression Wrong(Token at, string message)
    {
        errors.Meaning(at.Offset, message);
        return LiteralExpression.Null;
    }

    /// <summary>An operator between two operands.</summary>
    internal Expression Binary(BinaryOperator op, Expression left, Expression right, Token at)
    {
        if (BinaryOperators.Power(op) <= BindingPower.And)
        {
            return Fits(left.Type, ValueKind.Bool) && Fits(right.Type, ValueKind.Bool)
                ? new LogicExpression(op, left, right)
                : Mismatch(op, left, right, at, "two bools");
        }

        if (BinaryOperators.Power(op) == BindingPower.Comparison)
        {
            return Compare(op, left, right, at);
        }

        return ArithmeticType(op, left.Type, right.Type) is { } type
            ? new ArithmeticExpression(op, left, right, type)
            : Mismatch(op, left, right, at, op switch
            {
                BinaryOperator.Subtract => "two numbers, two timestamps, or a timestamp and an int64 of milliseconds",
                BinaryOperator.Add => "two numbers, or a timestamp and an int64 of milliseconds",
                _ => "two numbers",
            });
    }

    /// <summary><c>not</c>.</summary>
    internal Expression Not(Expression operand, Token at) =>
        Fits(operand.Type, ValueKind.Bool)
            ? new NotExpression(operand)
            : Wrong(at, $"'not' needs a bool; found {TypeNames.Of(operand.Type)}");

    /// <summary>Unary minus. The minus of a literal becomes part of it.</summary>
    internal Expression Negate(Expression operand, Token at)
    {
        if (!IsNumber(operand.Type))
        {
            return Wrong(at, $"'-' needs a number; found {TypeNames.Of(operand.Type)}");
        }

        var negated = new NegateExpression(operand);
        Value constant = operand is LiteralExpression ? negated.Evaluate([], new ExpressionScratch()) : Value.Null;
        return constant.IsNull ? negated : new LiteralExpression(constant);
    }

    /// <summary><c>in</c>.</summary>
    internal Expression In(Expression operand, ImmutableArray<CallArgument> items, Token at)
    {
        if (operand.Type is ValueKind.List or ValueKind.Map)
        {
            return Wrong(at, $"'in' compares single values; found {TypeNames.Of(operand.Type)}");
        }

        if (!errors.Any && (IsAlwaysNull(operand) || items.All(i => IsAlwaysNull(i.Expression))))
        {
            return Wrong(at, $"'in' with null is never true; write is_null({Asked(operand, items)})");
        }

        foreach (CallArgument item in items)
        {
            if (!errors.Any && IsAlwaysNull(item.Expression))
            {
                return Wrong(item.Start, "null among the values of 'in' is equal to none, and 'not in' is never true "
                    + $"with it; leave it out, or write is_null({operand})");
            }

            if (!Comparable(operand.Type, item.Expression.Type))
            {
                return Wrong(item.Start, $"a value of 'in' must compare with {TypeNames.Of(operand.Type)}; "
                    + $"found {TypeNames.Of(item.Expression.Type)}");
            }
        }

        return new InExpression(operand, [.. items.Select(i => i.Expression)]);
    }

    /// <summary>The common type of values one of which is chosen; null when there is none.</summary>
    internal static ValueKind? Unify(ValueKind left, ValueKind right) =>
        left == right || right == ValueKind.Null ? left
        : left == ValueKind.Null ? right
        : OperandOrder.IsNumber(left) && OperandOrder.IsNumber(right) ? ValueKind.Double
        : null;

    /// <summary>Whether a value of a type can stand where another is needed.</summary>
    internal static bool Fits(ValueKind found, ValueKind needed) => found == needed || found == ValueKind.Null;

    /// <summary>Whether the type is a number's, or fits one.</summary>
    internal static bool IsNumber(ValueKind kind) => OperandOrder.IsNumber(kind) || kind == ValueKind.Null;

    private Expression Compare(BinaryOperator op, Expression left, Expression right, Token at)
    {
        // What is wrong already stands as null in the expression; only a null that was written is told.
        if (!errors.Any && (IsAlwaysNull(left) || IsAlwaysNull(right)))
        {
            string asked = (IsAlwaysNull(left) ? right : left).ToString() ?? "";
            return Wrong(at, $"'{BinaryOperators.Text(op)}' with null is never true; write "
                + $"{(op == BinaryOperator.NotEqual ? "not " : "")}is_null({asked})");
        }

        bool ordered = op is not (BinaryOperator.Equal or BinaryOperator.NotEqual);
        if (!Comparable(left.Type, right.Type))
        {
            return Mismatch(op, left, right, at, ordered
                ? "two numbers, two strings or two timestamps"
                : "two numbers, two strings, two timestamps or two bools");
        }

        return ordered && (left.Type == ValueKind.Bool || right.Type == ValueKind.Bool)
            ? Wrong(at, $"bools have no order for '{BinaryOperators.Text(op)}'; compare them with '==' or '!='")
            : new CompareExpression(op, left, right);
    }

    /// <summary>Whether a condition can't be true: it is null, or one of those that <c>and</c> joins is.</summary>
    internal static bool IsNeverTrue(Expression condition) =>
        IsAlwaysNull(condition) || condition switch
        {
            LogicExpression { Precedence: BindingPower.And } => condition.Children.Any(IsNeverTrue),
            LogicExpression => condition.Children.All(IsNeverTrue),
            NotExpression => condition.Children.All(IsAlwaysNull),
            _ => false,
        };

    // A null that is written, and what arithmetic and comparisons make of one.
    private static bool IsAlwaysNull(Expression expression) => expression switch
    {
        LiteralExpression literal => literal.Value.IsNull,
        ArithmeticExpression or NegateExpression or CompareExpression => expression.Children.Any(IsAlwaysNull),
        _ => false,
    };

    private static string Asked(Expression operand, ImmutableArray<CallArgument> items) =>
        (IsAlwaysNull(operand) ? items[0].Expression : operand).ToString() ?? "";

    private static bool Comparable(ValueKind left, ValueKind right) =>
        left is not (ValueKind.List or ValueKind.Map) && right is not (ValueKind.List or ValueKind.Map)
        && (left == ValueKind.Null || right == ValueKind.Null || OperandOrder.AreComparable(left, right));

    private static ValueKind? ArithmeticType(BinaryOperator op, ValueKind left, ValueKind right)
    {
        if (op is BinaryOperator.Subtract && left == ValueKind.Timestamp && right == ValueKind.Timestamp)
        {
            return ValueKind.Int64;
        }

        bool shifts = op is BinaryOperator.Add or BinaryOperator.Subtract;
        if (shifts && left == ValueKind.Timestamp && Fits(right, ValueKind.Int64))
        {
            return ValueKind.Timestamp;
        }

        if (op is BinaryOperator.Add && right == ValueKind.Timestamp && Fits(left, ValueKind.Int64))
        {
            return ValueKind.Timestamp;
        }

        return !IsNumber(left) || !IsNumber(right) ? null
            : op == BinaryOperator.Divide ? ValueKind.Double
            : Unify(left, right);
    }

    private Expression Mismatch(BinaryOperator op, Expression left, Expression right, Token at, string needed) =>
        Wrong(at, $"'{BinaryOperators.Text(op)}' needs {needed}; "
            + $"found {TypeNames.Of(left.Type)} and {TypeNames.Of(right.Type)}");
}
