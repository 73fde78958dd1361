using ContextGrid.Core.Model;

namespace ContextGrid.Cli.Scaffolding;

/// <summary>What the fields of an event are for, judged by their names and types.</summary>
public sealed class FieldRoles
{
    private const int CategoryValuesMax = 100;
    private const int EntitiesMax = 2;
    private const int AmountsMax = 3;
    private const int CategoriesMax = 4;

    private static readonly string[] Times =
    [
        "ts", "timestamp", "event_time", "eventtime", "event_ts", "time", "occurred_at", "created_at", "created", "at",
        "epoch", "unix_time", "date",
    ];

    private static readonly string[] Owners =
    [
        "user", "customer", "account", "member", "client", "session", "card", "device", "merchant", "seller", "store",
        "tenant", "agent", "driver", "player", "patient",
    ];

    private static readonly string[] Categories =
    [
        "status", "state", "type", "kind", "category", "country", "region", "city", "currency", "channel", "method",
        "result", "reason", "level", "platform", "os", "browser", "plan", "tier", "language", "source", "action",
        "merchant", "brand", "code",
    ];

    private static readonly string[] Amounts =
    [
        "amount", "price", "total", "value", "cost", "fee", "quantity", "qty", "count", "size", "bytes", "duration",
        "latency", "ms", "seconds", "score", "weight", "distance", "tokens", "balance", "tax", "discount",
    ];

    /// <summary>The event's name: the topic's, in the singular.</summary>
    public required string Event { get; init; }

    /// <summary>The field of the event time; null: the record's own.</summary>
    public FieldSketch? Time { get; init; }

    /// <summary>The field of the producer's id; null: none.</summary>
    public string? Id { get; init; }

    /// <summary>The fields that hold entities' keys, the first of which partitions; 1 or more.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>Numbers to add up.</summary>
    public required IReadOnlyList<string> Sums { get; init; }

    /// <summary>Texts of few values.</summary>
    public required IReadOnlyList<string> Groups { get; init; }

    /// <summary>Ids of other things.</summary>
    public required IReadOnlyList<string> Others { get; init; }

    /// <summary>Conditions.</summary>
    public required IReadOnlyList<string> Flags { get; init; }

    /// <summary>Chooses; null: no field can be a key.</summary>
    public static FieldRoles? Choose(string topic, IReadOnlyList<FieldSketch> fields)
    {
        var name = Names.Singular(Names.OfTopic(topic));
        var chosen = ChooseTime(fields);
        var time = chosen?.Name;
        FieldSketch[] keyable =
            [.. fields.Where(f => f.Type is ValueKind.String or ValueKind.Int64 && f.Name != time)];
        var id = new[] { $"{name}_id", "event_id", "message_id", "id", "uuid", "guid" }
            .Select(wanted => keyable.FirstOrDefault(f => Names.Snake(f.Name) == wanted).Name)
            .FirstOrDefault(found => found is not null);
        string[] ids = [.. keyable.Where(f => f.Name != id && Names.IsId(f.Name)).Select(f => f.Name)];
        string[] owners =
        [
            .. keyable.Where(f => f.Name != id && Rank(f.Name) < Owners.Length)
                .OrderBy(f => Rank(f.Name)).Select(f => f.Name),
        ];
        string[] keys = [.. owners.Concat(ids).Distinct().Take(EntitiesMax)];
        keys = keys.Length > 0 ? keys : [.. keyable.OrderBy(f => f.Name == id).Take(1).Select(f => f.Name)];
        if (keys.Length == 0)
            return null;
        FieldSketch[] rest = [.. fields.Where(f => f.Name != time && f.Name != id && !keys.Contains(f.Name))];
        return new FieldRoles
        {
            Event = name,
            Time = chosen,
            Id = id is not null && keys.Contains(id) ? null : id,
            Keys = keys,
            Sums = [.. rest.Where(IsAmount).Take(AmountsMax).Select(f => f.Name)],
            Groups = [.. rest.Where(IsCategory).Take(CategoriesMax).Select(f => f.Name)],
            Others = [.. rest.Where(f => ids.Contains(f.Name)).Take(AmountsMax).Select(f => f.Name)],
            Flags = [.. rest.Where(f => f.Type == ValueKind.Bool).Take(AmountsMax).Select(f => f.Name)],
        };
    }

    private static FieldSketch? ChooseTime(IReadOnlyList<FieldSketch> fields)
    {
        FieldSketch? First(Func<FieldSketch, bool> fits) => fields.Where(fits).Cast<FieldSketch?>().FirstOrDefault();
        FieldSketch? Named(Func<FieldSketch, bool> fits) => Times
            .Select(wanted => First(f => fits(f) && Names.Snake(f.Name) == wanted))
            .FirstOrDefault(found => found is not null);
        FieldSketch? Nested(Func<FieldSketch, bool> fits) => Times
            .Select(wanted => First(f => fits(f) && Names.Snake(Names.Last(f.Name)) == wanted))
            .FirstOrDefault(found => found is not null);
        return Named(f => f.Type == ValueKind.Timestamp) ?? Named(f => f.Type == ValueKind.Int64)
            ?? Named(f => f.Type == ValueKind.Double && f.Unit != TimeUnit.Unstated)
            ?? Nested(f => f.Type == ValueKind.Timestamp || f.Unit != TimeUnit.Unstated)
            ?? First(f => f.Type == ValueKind.Timestamp);
    }

    // The place among the owners, by the name with or without _id; beyond the last: none.
    private static int Rank(string field)
    {
        var index = Array.IndexOf(Owners, Names.WithoutId(Names.Snake(field)));
        return index < 0 ? Owners.Length : index;
    }

    private static bool IsAmount(FieldSketch field) => field.Type == ValueKind.Double
        || (field.Type == ValueKind.Int64 && !Names.IsId(field.Name) && Names.EndsWithAny(field.Name, Amounts));

    private static bool IsCategory(FieldSketch field) => field.Type == ValueKind.String && !Names.IsId(field.Name)
        && (field.Distinct is > 1 and <= CategoryValuesMax || Names.EndsWithAny(field.Name, Categories));
}
