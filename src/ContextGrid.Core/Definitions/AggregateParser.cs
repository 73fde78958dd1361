using System.Collections.Immutable;
using System.Globalization;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Definitions;

/// <summary>Reads an aggregate with its arguments.</summary>
internal sealed class AggregateParser(TokenCursor cursor, ExpressionScope fields)
{
    private const int CountMax = 256;
    private const int EdgesMax = 256;
    private const long HalfLifeMsMax = 400L * 86_400_000;

    private static readonly AggregateCall Nothing = new(AggregateKind.Count, null, null, 0, 0, 0, []);

    /// <summary>Parses <c>name(arguments)</c>.</summary>
    internal AggregateCall Parse()
    {
        Token name = cursor.Current;
        if (name.Kind != TokenKind.Name)
        {
            cursor.Fail($"found {name.Described}; expected an aggregate such as count() after '|'");
            return Nothing;
        }

        cursor.Take();
        AggregateSignature? signature = AggregateSignature.Find(name.Text);
        if (signature is null)
        {
            IEnumerable<string> known = AggregateSignature.All.Select(a => a.Name);
            cursor.FailAt(name, $"unknown aggregate '{name.Text}'{NearestName.Suggest(name.Text, known)}");
            return Nothing;
        }

        if (!cursor.Expect("(", $"the aggregate {name.Text}"))
        {
            return Nothing;
        }

        AggregateCall call = Arguments(signature);
        if (!cursor.Errors.HasSyntaxError && !cursor.TryTakeSymbol(")"))
        {
            cursor.Fail(cursor.Current.IsSymbol(",")
                ? $"too many arguments; write {signature.Usage}"
                : $"found {cursor.Current.Described}; expected ')' after the arguments of {name.Text}");
        }

        return call;
    }

    private AggregateCall Arguments(AggregateSignature signature)
    {
        AggregateCall call = Nothing with { Kind = signature.Kind };
        bool optional = signature.Input is AggregateInput.OptionalAny or AggregateInput.OptionalNumber;
        if (signature.Input == AggregateInput.None || (optional && cursor.Current.IsSymbol(")")))
        {
            return call;
        }

        if (cursor.Current.IsSymbol(")"))
        {
            cursor.Fail($"{signature.Name} needs an argument; write {signature.Usage}");
            return call;
        }

        call = call with { Input = Input(signature, signature.Input, signature.Name) };
        if (signature.Parameter == AggregateParameter.None || cursor.Errors.HasSyntaxError)
        {
            return call;
        }

        if (!cursor.TryTakeSymbol(","))
        {
            cursor.Fail($"found {cursor.Current.Described}; write {signature.Usage}");
            return call;
        }

        return signature.Parameter switch
        {
            AggregateParameter.Count => call with { N = Count(signature) },
            AggregateParameter.OrderBy => call with
            {
                OrderBy = Input(signature, AggregateInput.Ordered, "the order of " + signature.Name),
            },
            AggregateParameter.Quantile => call with { Quantile = Quantile() },
            AggregateParameter.HalfLife => call with { HalfLifeMs = HalfLife() },
            _ => call with { Edges = Edges() },
        };
    }

    private Expression Input(AggregateSignature signature, AggregateInput input, string what)
    {
        Token at = cursor.Current;
        Expression expression = new ExpressionParser(cursor, fields).Parse();
        (bool fits, string needed) = input switch
        {
            AggregateInput.Number or AggregateInput.OptionalNumber =>
                (ExpressionRules.IsNumber(expression.Type), "a number"),
            AggregateInput.Ordered => (expression.Type is not (ValueKind.Bool or ValueKind.List),
                "a number, a timestamp or a string"),
            AggregateInput.Single => (expression.Type != ValueKind.List, "a single value"),
            _ => (true, ""),
        };
        if (!fits)
        {
            cursor.Errors.Meaning(at.Offset, $"{what} needs {needed}; found {TypeNames.Of(expression.Type)}");
        }
        else if (expression is LiteralExpression { Type: ValueKind.Null } && !cursor.Errors.Any)
        {
            cursor.Errors.Meaning(at.Offset, $"{what} of null is always empty; write {signature.Usage}");
        }

        return expression;
    }

    private int Count(AggregateSignature signature)
    {
        Token token = cursor.Take();
        if (token.Kind == TokenKind.Integer
            && int.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && count is >= 1 and <= CountMax)
        {
            return count;
        }

        cursor.Errors.Meaning(token.Offset,
            $"found {token.Described}; the number of values in {signature.Usage} is a literal 1 to {CountMax}");
        return 1;
    }

    private double Quantile()
    {
        Token at = cursor.Current;
        if (Number() is { } rank and >= 0 and <= 1)
        {
            return rank;
        }

        cursor.Errors.Meaning(
            at.Offset, $"found {at.Described}; the rank of quantile is a literal 0 to 1, such as 0.95");
        return 0;
    }

    private long HalfLife()
    {
        Token token = cursor.Take();
        if (token.Kind == TokenKind.Duration && DurationText.TryParse(token.Text, out long ms)
            && ms is >= 1 and <= HalfLifeMsMax)
        {
            return ms;
        }

        cursor.Errors.Meaning(token.Offset,
            $"found {token.Described}; the half-life of ewma is a duration from 1ms to 400d, such as 1h");
        return 1;
    }

    private ImmutableArray<double> Edges()
    {
        var edges = ImmutableArray.CreateBuilder<double>();
        do
        {
            Token at = cursor.Current;
            if (Number() is not { } edge)
            {
                cursor.Fail($"found {at.Described}; the edges of histogram are literal numbers");
                return [];
            }

            if (edges.Count > 0 && edge <= edges[^1])
            {
                cursor.Errors.Meaning(at.Offset, "the edges of histogram must ascend");
            }

            edges.Add(edge);
        }
        while (cursor.TryTakeSymbol(","));

        if (edges.Count > EdgesMax)
        {
            cursor.Fail($"histogram has {edges.Count} edges; at most {EdgesMax} are allowed");
        }

        return edges.ToImmutable();
    }

    private double? Number()
    {
        double sign = cursor.TryTakeSymbol("-") ? -1 : 1;
        if (cursor.Current.Kind is not (TokenKind.Integer or TokenKind.Double))
        {
            return null;
        }

        double number = double.Parse(cursor.Take().Text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(number) ? (sign * number) + 0.0 : null;
    }
}
