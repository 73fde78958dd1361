using System.Globalization;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>
/// Writes definitions with any number of features of one user: ten aggregates over as many windows as it takes; beyond
/// ten windows, over the approved and the declined payments as well.
/// </summary>
internal static class FeatureGrid
{
    private static readonly (string Name, string Call)[] Aggregates =
    [
        ("count", "count()"), ("sum", "sum(amount)"), ("min", "min(amount)"), ("max", "max(amount)"),
        ("avg", "avg(amount)"), ("stddev", "stddev(amount)"), ("last", "last(amount)"),
        ("merchants", "distinct(merchant)"), ("p95", "quantile(amount, 0.95)"), ("top", "top_k(amount, 5)"),
    ];

    private static readonly string[] Windows = ["5m", "1h", "1d", "7d", "6h", "15m", "30m", "12h", "3h", "30d"];

    private static readonly (string Suffix, string Where)[] Conditions =
    [
        ("", ""), ("_approved", " where status == \"approved\""), ("_declined", " where status == \"declined\""),
    ];

    internal static void Write(Arguments arguments)
    {
        int features = arguments.Count("features", 50);
        Console.Out.WriteLine(Head.Replace("FEATURES", features.ToString(CultureInfo.InvariantCulture)));
        foreach (string line in Lines().Take(features))
        {
            Console.Out.WriteLine($"      {line}");
        }
    }

    private static IEnumerable<string> Lines() =>
        from condition in Conditions
        from window in Windows
        from aggregate in Aggregates
        let name = $"{aggregate.Name}_{window}{condition.Suffix}"
        select $"{name}: payment | {aggregate.Call} over {window}{condition.Where}";

    private const string Head = """
        # FEATURES features of one entity: ten aggregates over windows, from load-tests/ContextGrid.LoadTests.
        version: 1

        events:
          payment:
            topic: payments
            timestamp: ts
            key: user_id
            fields:
              payment_id: string
              user_id: string
              device_id: string
              merchant: string
              amount: double
              status: string
              country: string

        entities:
          user:
            from: {payment: user_id}
            features:
        """;
}
