using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Runtime.Codecs;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>The definitions of every run: two topics, and entities with events in one or in all partitions.</summary>
internal static class SimulatedDefinitions
{
    /// <summary>How far an event may be ahead of its record, as the definitions say.</summary>
    public const long FutureMsMax = 300_000;

    /// <summary>How long a producer's id is remembered, as the definitions say: so short that runs go beyond it.
    /// </summary>
    public const long DedupeMs = 120_000;

    private const string Yaml = """
        version: 1
        events:
          payment:
            topic: payments
            timestamp: ts
            id: payment_id
            dedupe: 2m
            key: user_id
            max_future: 5m
            fields: {payment_id: string, user_id: string, device_id: string, amount: double, country: string}
          login:
            topic: logins
            timestamp: ts
            key: user_id
            max_future: 5m
            fields: {user_id: string, ok: bool}
        entities:
          user:
            from: {payment: user_id, login: user_id}
            features:
              payments:     payment | count()
              logins:       login | count()
              failed_1h:    login | count() over 1h where ok == false
              spend:        payment | sum(amount)
              spend_1h:     payment | sum(amount) over 1h
              max_10m:      payment | max(amount) over 10m exact
              last_country: payment | last(country)
              by_country:   payment | sum(amount) by country top 3
              mean:         spend / payments
          device:
            from: {payment: device_id}
            head: clock
            ttl: 45m
            features:
              payments:     payment | count()
              users_1d:     payment | distinct(user_id) over 1d
              first_user:   payment | first(user_id)
              p90:          payment | quantile(amount, 0.9) over 1d
        """;

    public static DefinitionSet Set { get; } = Parse();

    public static EntityPlan[] Plans { get; } = [.. PlanCompiler.Compile(Set)];

    public static OracleEntity[] Oracles { get; } =
        [.. Plans.Select(p => OracleDefinitions.Of(Set, p.Definition.Name))];

    /// <summary>The place of a type among the plans.</summary>
    public static int TypeOf(string name) => Array.FindIndex(Plans, p => p.Definition.Name == name);

    private static DefinitionSet Parse()
    {
        DefinitionReadResult read = DefinitionFiles.Parse("simulated.yaml", Yaml);
        return read.Set ?? throw new InvalidOperationException(string.Join('\n', read.Errors.AsEnumerable()));
    }
}
