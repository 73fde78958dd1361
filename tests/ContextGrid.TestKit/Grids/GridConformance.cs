using System.Globalization;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.TestKit.Grids;

/// <summary>
/// What the suites of <see cref="IContextGrid"/> share: definitions, and short ways to apply and to ask. Each test has
/// keys of its own, so that a test class can start one grid for all of its tests.
/// </summary>
public abstract class GridConformance
{
    /// <summary>When the first events happen, milliseconds since the Unix epoch.</summary>
    protected const long StartMs = 1_700_000_000_000;

    /// <summary>What the grid is to be started with; each topic needs four partitions.</summary>
    public static DefinitionSet Definitions { get; } = GridUnderTest.Parse("""
        version: 1
        events:
          payment: {topic: payments, fields: {user: string, shop: string, n: int64}}
          login: {topic: logins, fields: {user: string, device: string}}
        entities:
          user:
            from: {payment: user, login: user}
            allowed_lateness: 10s
            features:
              payments: payment | count()
              total: payment | sum(n)
              minute: payment | sum(n) over 1m exact
              device: login | last(device)
              mean: total / payments
          shop:
            from: {payment: shop}
            features:
              sold: payment | count()
              newest: payment | last_n(user, 2)

        """);

    /// <summary>The grid under test.</summary>
    protected abstract GridUnderTest Grid { get; }

    /// <summary>A payment of a user.</summary>
    protected static GridEvent Payment(long offset, string user, long n, long afterMs = 0, string shop = "s") =>
        new(offset, StartMs + afterMs, $$"""{"user":"{{user}}","shop":"{{shop}}","n":{{n}}}""");

    /// <summary>A login of a user.</summary>
    protected static GridEvent Login(long offset, string user, string device, long afterMs = 0) =>
        new(offset, StartMs + afterMs, $$"""{"user":"{{user}}","device":"{{device}}"}""");

    /// <summary>Applies payments as one batch.</summary>
    protected Task PayAsync(int partition, params IEnumerable<GridEvent> events) =>
        Grid.ApplyAsync(new TopicPartition("payments", partition), events);

    /// <summary>Applies logins as one batch.</summary>
    protected Task LogInAsync(int partition, params IEnumerable<GridEvent> events) =>
        Grid.ApplyAsync(new TopicPartition("logins", partition), events);

    /// <summary>The plan of an entity type.</summary>
    protected EntityPlan PlanOf(string type) => Grid.Plans.Single(p => p.Definition.Name == type);

    /// <summary>A query for entities of one type at their newest events.</summary>
    /// <param name="type">The type.</param>
    /// <param name="features">The features, separated by blanks.</param>
    /// <param name="keys">The entities.</param>
    protected ContextQuery Query(string type, string features, params IEnumerable<string> keys)
    {
        var query = new ContextQuery { Head = QueryHead.Newest };
        query.Selections.Add(FeatureSelection.Of(PlanOf(type), [.. features.Split(' ')]));
        foreach (string key in keys)
        {
            query.Add(0, Encoding.UTF8.GetBytes(key));
        }

        return query;
    }

    /// <summary>The answer about one user as a text.</summary>
    protected async Task<string> AskAsync(
        string user, string features, QueryHead head = QueryHead.Newest, long afterMs = 0)
    {
        ContextQuery query = Query("user", features, user);
        (query.Head, query.HeadMs) = (head, StartMs + afterMs);
        ContextAnswer answer = await Grid.ReadAsync(query);
        return answer.Past.Count > 0 ? "past" : Text(answer, 0);
    }

    /// <summary>The values of an entity, each with its status where that is another than present.</summary>
    protected static string Text(ContextAnswer answer, int index)
    {
        var texts = new List<string>();
        for (int i = 0; i < answer.Values(index).Length; i++)
        {
            FeatureStatus status = answer.Statuses(index)[i];
            texts.Add(status == FeatureStatus.Present
                ? OracleText.Of(CoreValues.FromCore(answer.Values(index)[i]))
                : status.ToString());
        }

        return string.Join(' ', texts);
    }

    /// <summary>Numbered names.</summary>
    protected static IEnumerable<string> Names(string prefix, int count) =>
        Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{prefix}{i}"));
}
