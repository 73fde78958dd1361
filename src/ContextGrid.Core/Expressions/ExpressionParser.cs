using System.Collections.Immutable;
using System.Globalization;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Expressions;

/// <summary>
/// A Pratt parser for expressions (Pratt, "Top Down Operator Precedence", 1973) that checks types on the way. What is
/// wrong becomes the literal null, which fits every type, so that one mistake gives one error.
/// </summary>
internal sealed class ExpressionParser(TokenCursor cursor, ExpressionScope scope)
{
    // Deeper nesting is not written by people, and a bound keeps the stack safe.
    private const int DepthMax = 64;
    private const int ItemsMax = 256;

    private readonly ExpressionRules _rules = new(cursor.Errors);
    private int _depth;

    /// <summary>
    /// Parses a whole text as one expression; null, with the reasons in the errors, when it is wrong.
    /// </summary>
    internal static Expression? Parse(string text, ExpressionScope scope, LanguageErrors errors)
    {
        ImmutableArray<Token> tokens = Lexer.Scan(text, errors);
        if (errors.Any)
        {
            return null;
        }

        var cursor = new TokenCursor(tokens, errors);
        Expression expression = new ExpressionParser(cursor, scope).Parse();
        if (!cursor.AtEnd)
        {
            cursor.Fail($"found {cursor.Current.Described} after a complete expression; expected an operator");
        }

        return errors.Any ? null : expression;
    }

    /// <summary>Parses one expression and stops at the first token that cannot continue it.</summary>
    internal Expression Parse() => Parse(BindingPower.Or);

    private Expression Parse(int minimum)
    {
        if (++_depth > DepthMax)
        {
            cursor.Fail($"the expression is nested deeper than {DepthMax} levels");
            return LiteralExpression.Null;
        }

        Expression left = Prefix(minimum);
        while (true)
        {
            Token token = cursor.Current;
            if (IsIn(token) && minimum <= BindingPower.Comparison)
            {
                left = In(left, token);
            }
            else if (BinaryOperators.Find(token) is { } op && BinaryOperators.Power(op) >= minimum)
            {
                cursor.Take();
                left = _rules.Binary(op, left, Parse(BinaryOperators.Power(op) + 1), token);
            }
            else
            {
                break;
            }

            RefuseChain(token);
        }

        _depth--;
        return left;
    }

    private bool IsIn(Token token) => token.IsWord("in") || (token.IsWord("not") && cursor.Following.IsWord("in"));

    private void RefuseChain(Token done)
    {
        Token next = cursor.Current;
        if (IsComparison(done) && IsComparison(next))
        {
            cursor.Fail($"comparisons cannot be chained; join two of them by 'and' before '{next.Text}'");
        }
    }

    private bool IsComparison(Token token) =>
        IsIn(token) || (BinaryOperators.Find(token) is { } op && BinaryOperators.Power(op) == BindingPower.Comparison);

    private Expression Prefix(int minimum)
    {
        Token token = cursor.Current;
        if (token.IsWord("not"))
        {
            if (minimum > BindingPower.Not)
            {
                cursor.Fail("'not' binds weaker than the operator before it; put 'not …' into parentheses");
                return LiteralExpression.Null;
            }

            cursor.Take();
            return _rules.Not(Parse(BindingPower.Not), token);
        }

        if (token.IsSymbol("-"))
        {
            cursor.Take();
            return cursor.Current.Kind == TokenKind.Integer
                ? Integer(cursor.Take(), "-")
                : _rules.Negate(Parse(BindingPower.Unary), token);
        }

        return Primary(token);
    }

    private Expression Primary(Token token)
    {
        switch (token.Kind)
        {
            case TokenKind.Integer: return Integer(cursor.Take(), "");
            case TokenKind.Double: return Double(cursor.Take());
            case TokenKind.Text: return new LiteralExpression(Value.Text(cursor.Take().Text));
            case TokenKind.Name: return Name(token);
            case TokenKind.Duration:
                cursor.Fail($"found the duration '{token.Text}'; durations stand in windows and in ewma only, "
                    + "in expressions write milliseconds");
                return LiteralExpression.Null;
        }

        if (!cursor.TryTakeSymbol("("))
        {
            cursor.Fail($"found {token.Described}; expected a value");
            return LiteralExpression.Null;
        }

        Expression inner = Parse();
        cursor.Expect(")", "the expression in parentheses");
        return inner;
    }

    private Expression Name(Token token)
    {
        if (token.IsWord("true") || token.IsWord("false"))
        {
            return new LiteralExpression(Value.Of(cursor.Take().Text == "true"));
        }

        if (token.IsWord("null"))
        {
            cursor.Take();
            return LiteralExpression.Null;
        }

        if (!token.Quoted && Keywords.IsReserved(token.Text))
        {
            cursor.Fail($"found {token.Described}; expected a value");
            return LiteralExpression.Null;
        }

        cursor.Take();
        if (!token.Quoted && cursor.Current.IsSymbol("("))
        {
            return Call(token);
        }

        return scope.Find(token.Text) ?? _rules.Wrong(
            token, $"unknown {scope.What}: '{token.Text}'{scope.Suggest(token.Text)}");
    }

    private Expression Call(Token name)
    {
        ImmutableArray<CallArgument> arguments = Arguments($"the arguments of {name.Text}", allowNone: true);
        return cursor.Errors.HasSyntaxError ? LiteralExpression.Null : FunctionRules.Bind(name, arguments, _rules);
    }

    private Expression In(Expression operand, Token at)
    {
        bool negated = cursor.TryTakeWord("not");
        cursor.Take();
        ImmutableArray<CallArgument> items = Arguments("the values of 'in'", allowNone: false);
        Expression membership = _rules.In(operand, items, at);
        return negated ? new NotExpression(membership) : membership;
    }

    private ImmutableArray<CallArgument> Arguments(string what, bool allowNone)
    {
        var arguments = ImmutableArray.CreateBuilder<CallArgument>();
        if (!cursor.TryTakeSymbol("("))
        {
            cursor.Fail($"found {cursor.Current.Described}; expected '(' before {what}");
            return [];
        }

        if (allowNone && cursor.TryTakeSymbol(")"))
        {
            return [];
        }

        do
        {
            Token start = cursor.Current;
            arguments.Add(new CallArgument(Parse(), start));
        }
        while (cursor.TryTakeSymbol(",") && arguments.Count <= ItemsMax);

        if (arguments.Count > ItemsMax)
        {
            cursor.Fail($"more than {ItemsMax} values in one list");
        }

        cursor.Expect(")", what);
        return arguments.ToImmutable();
    }

    private Expression Integer(Token token, string sign) =>
        long.TryParse(sign + token.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? new LiteralExpression(Value.Of(number))
            : _rules.Wrong(token, $"the integer {sign}{token.Text} does not fit into 64 bits; write {token.Text}.0");

    private Expression Double(Token token)
    {
        Value value = Value.Of(double.Parse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture));
        return value.IsNull
            ? _rules.Wrong(token, $"the number {token.Text} is too large; the largest is 1.7976931348623157E+308")
            : new LiteralExpression(value);
    }
}
