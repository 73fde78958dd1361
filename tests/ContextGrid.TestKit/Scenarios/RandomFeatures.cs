using System.Collections.Immutable;
using ContextGrid.TestKit.Oracle;
using static ContextGrid.TestKit.Oracle.OracleExpression;

namespace ContextGrid.TestKit.Scenarios;

/// <summary>
/// Random features. The aggregates and windows are taken in turn, so that a run of scenarios has every aggregate with
/// every kind of window; the rest is chosen at random.
/// </summary>
/// <param name="random">The source of all choices.</param>
public sealed class RandomFeatures(Random random)
{
    private static readonly string[] Aggregates =
    [
        "count()", "count", "sum", "min", "max", "avg", "variance", "stddev", "skew", "kurtosis", "first", "last",
        "first_n", "last_n", "min_by", "max_by", "distinct", "distinct_exact", "quantile", "histogram", "top_k",
        "bottom_k", "most_frequent", "ewma", "rate()", "rate", "unique_list", "since_last()", "delta",
    ];

    // These are compared within a tolerance, so the true values may not decide which category "top" cuts off.
    private static readonly string[] Inexact =
        ["avg", "variance", "stddev", "skew", "kurtosis", "quantile", "ewma", "rate", "sum", "distinct"];

    private static readonly long[] Sizes = [1_000, 10_000, 45_000, 60_000, 300_000, 3_600_000, 21_600_000, 86_400_000];

    /// <summary>How many aggregates there are times kinds of window.</summary>
    public static int Combinations => Aggregates.Length * 8;

    /// <summary>Makes features, starting at a place in the turn.</summary>
    public ImmutableArray<OracleFeature> Make(int start, int count)
    {
        var features = ImmutableArray.CreateBuilder<OracleFeature>(count);
        for (int i = 0; i < count; i++)
        {
            int turn = (start + i) % Combinations;
            features.Add(One($"f{i}", Aggregates[turn % Aggregates.Length], turn / Aggregates.Length));
        }

        features.AddRange(Derived());
        return features.ToImmutable();
    }

    // Two aggregates of known types, expressions over them, and one over those; the file's order is not that of use.
    private OracleFeature[] Derived() =>
    [
        new("d2", Call("if", Call(">", Of("d1"), Literal(0.5)), Of("d0"), Literal(null))),
        new("d0", Call("+", Of("n"), Literal((long)random.Next(3)))),
        new("d1", Call("/", Of("s"), Call("max", Of("n"), Literal((long)random.Next(2))))),
        new("d3", Call("coalesce", Of("s"), Literal(-1.5))),
        new("d4", Call("and", Call("is_null", Of("s")), Call("==", Of("n"), Literal(0L)))),
        One("n", "count()", random.Next(8)) with { By = null },
        One("s", "max", random.Next(8)) with { By = null, Arguments = [Of("amount")] },
    ];

    private OracleFeature One(string name, string aggregate, int windowKind)
    {
        OracleWindow window = Window(windowKind);
        if (aggregate.StartsWith("rate", StringComparison.Ordinal) && !window.IsFixed)
        {
            window = Window(1);
        }

        string bare = aggregate.TrimEnd('(', ')');
        ImmutableArray<OracleExpression> arguments = bare == aggregate ? Arguments(aggregate) : [];
        bool by = random.Next(4) == 0;
        return new OracleFeature(name, random.Next(6) == 0 ? "refund" : "payment", bare, arguments)
        {
            Window = window,
            By = by ? Category() : null,
            Top = by && random.Next(2) == 0 && !Inexact.Contains(bare) ? random.Next(1, 5) : 0,
            Where = random.Next(3) == 0 ? Condition() : null,
        };
    }

    private OracleWindow Window(int kind)
    {
        long size = Pick(Sizes);
        return kind switch
        {
            1 or 2 => OracleWindow.Sliding(size),
            3 => OracleWindow.Exact(size),
            4 => OracleWindow.Sliding(size, Math.Max(1_000, size / Pick([2L, 5L, 60L]) / 1_000 * 1_000)),
            5 => OracleWindow.Tumbling(size),
            6 => Hopping(size),
            7 => OracleWindow.Session(Pick([1_000L, 5_000, 60_000, 1_800_000])),
            _ => OracleWindow.Lifetime,
        };
    }

    private OracleWindow Hopping(long size)
    {
        IEnumerable<long> parts = new long[] { 1, 2, 3, 5, 12 }.Where(n => size % n == 0 && size / n >= 1_000);
        return OracleWindow.Hopping(size, size / Pick(parts.ToArray()));
    }

    private ImmutableArray<OracleExpression> Arguments(string aggregate)
    {
        OracleExpression n = Literal((long)random.Next(1, 6));
        return aggregate switch
        {
            "count" or "first" or "last" or "distinct" or "distinct_exact" => [Any()],
            "first_n" or "last_n" or "unique_list" or "most_frequent" => [Any(), n],
            "min" or "max" => [Ordered()],
            "top_k" or "bottom_k" => [Ordered(), n],
            "min_by" or "max_by" => [Any(), Ordered()],
            "quantile" => [Number(), Literal(Pick([0.0, 0.25, 0.5, 0.95, 0.99, 1.0]))],
            "histogram" => [Number(), Literal(-1.5), Literal(0.0), Literal(2.5), Literal(100.0)],
            "ewma" => [Number(), Literal(Pick([1_000L, 60_000, 3_600_000]))],
            _ => [Number()],
        };
    }

    private OracleExpression Any() => random.Next(3) switch
    {
        0 => Of(Pick(["flag", "at", "merchant", "country"])),
        1 => Ordered(),
        _ => Number(),
    };

    private OracleExpression Ordered() => random.Next(3) switch
    {
        0 => Of(Pick(["merchant", "country", "at"])),
        _ => Number(),
    };

    private OracleExpression Number() => random.Next(7) switch
    {
        0 or 1 => Of("amount"),
        2 or 3 => Of("qty"),
        4 => Call("*", Of("amount"), Of("qty")),
        5 => Call("if", Of("flag"), Of("amount"), Literal(0.5)),
        _ => Call("coalesce", Of("qty"), Literal(7L)),
    };

    private OracleExpression Category() => random.Next(4) switch
    {
        0 => Of("merchant"),
        1 => Of("flag"),
        2 => Call("%", Of("qty"), Literal(3L)),
        _ => Of("country"),
    };

    private OracleExpression Condition() => random.Next(7) switch
    {
        0 => Of("flag"),
        1 => Call("not", Of("flag")),
        2 => Call(">", Of("amount"), Literal(2.5)),
        3 => Call("in", Of("country"), Literal("DE"), Literal("日本")),
        4 => Call("or", Call("is_null", Of("merchant")), Call("<=", Of("qty"), Literal(4L))),
        5 => Call("and", Call("!=", Of("country"), Literal("FR")), Call("not", Call("is_null", Of("amount")))),
        _ => Call("starts_with", Of("merchant"), Literal("m1")),
    };

    private T Pick<T>(T[] values) => values[random.Next(values.Length)];
}
