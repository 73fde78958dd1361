using System.Globalization;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Tests.Ingestion;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>
/// State that was made by other definitions: it is refused by its hash, or it is byte for byte what a rebuild gives.
/// </summary>
public sealed class DefinitionEditTests
{
    private const int Rounds = 300;

    // Each line stands for itself, so that edits can exchange it.
    private static readonly string[] Original =
    [
        "version: 1",
        "events:",
        "  payment:",
        "    topic: payments",
        "    format: json",
        "    id: id",
        "    dedupe: 10m",
        "    key: user",
        "    timestamp: at",
        "    max_future: 5m",
        "    fields:",
        "      id: string",
        "      user: string",
        "      shop: string",
        "      country: string",
        "      status: string",
        "      amount: double",
        "      n: int64",
        "      spare: int64",
        "      at: timestamp",
        "      sent: timestamp",
        "entities:",
        "  user:",
        "    from: {payment: user}",
        "    features:",
        "      payments: payment | count()",
        "      spent: payment | sum(amount) over 1h",
        "      high: payment | count() over 1d where amount > 50",
        "      last_country: payment | last(country)",
        "      shops: payment | count() by shop top 3",
        "      mean: spent / payments",
        "  shop:",
        "    from: {payment: shop}",
        "    features:",
        "      sold: payment | sum(n)",
        "      approved: payment | count() where status == \"approved\"",
    ];

    private static readonly (string Old, string New)[] Exchanges =
    [
        ("topic: payments", "topic: payments2"), ("format: json", "format: cloudevents"), ("    id: id", "    id: n"),
        ("    id: id", ""), ("    id: id", "    id: {field: id, per: key}"),
        ("dedupe: 10m", "dedupe: 1s"), ("key: user", "key: shop"), ("key: user", "key: spare"),
        ("timestamp: at", "timestamp: sent"), ("    timestamp: at", ""), ("max_future: 5m", "max_future: 1d"),
        ("amount: double", "amount: int64"), ("spare: int64", "spare: string"), ("n: int64", "n: double"),
        ("      spare: int64", ""), ("      spare: int64", "      spare: int64\n      more: string"),
        ("      shop: string", "      shop: int64"), ("payment: user", "payment: shop"),
        ("payment: shop", "payment: country"), ("amount > 50", "amount > 40"), ("over 1h", "over 2h"),
        ("last(country)", "last(status)"), ("      high: payment", "      higher: payment"),
        ("top 3", "top 2"), ("spent / payments", "payments + 1"), ("sum(n)", "sum(spare)"),
        ("      sold: payment | sum(n)", "      sold: payment | count()"), ("\"approved\"", "\"declined\""),
        ("    topic: payments", "    topic: payments\n    owner: somebody"),
        ("  user:\n    from", "  user:\n    ttl: 1d\n    from"), ("  user:\n    from", "  client:\n    from"),
        ("      sold: payment | sum(n)", "      sold: payment | sum(n)\n      new: payment | max(amount)"),
        ("      at: timestamp", "      at: timestamp\n    classes: {country: pii}"),
    ];

    [Fact]
    public void OfState_RandomEdits_StateIsRefusedOrWhatARebuildGives()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        int kept = 0, refused = 0;
        for (int round = 0; round < Rounds; round++)
        {
            string edited = Edit(random);
            if (DefinitionFiles.Parse("edited.yaml", edited).Set is not { } after)
            {
                continue; // It is no definition any more.
            }

            DefinitionSet before = Set(string.Join('\n', Original));
            string[] payloads = [.. Enumerable.Range(0, 60).Select(_ => Payload(random))];
            foreach (EntityDefinition type in before.Entities)
            {
                if (after.Entities.FirstOrDefault(e => e.Name == type.Name) is not { } same
                    || DefinitionHash.OfState(before, type) != DefinitionHash.OfState(after, same))
                {
                    refused++;
                    continue;
                }

                kept++;
                Assert.True(
                    StateOf(before, type, payloads).SequenceEqual(StateOf(after, same, payloads)),
                    $"Seed {seed}, round {round}: other state of '{type.Name}' under an equal hash:\n{edited}");
            }
        }

        Assert.True(kept > 20 && refused > 20, $"Seed {seed}: {kept} kept, {refused} refused.");
    }

    [Theory]
    [InlineData("      country: string\n      status: string", "      status: string\n      country: string")]
    [InlineData("      payments: payment | count()\n      spent: payment | sum(amount) over 1h",
        "      spent: payment | sum(amount) over 1h\n      payments: payment | count()")]
    public void OfState_LinesAreReordered_StateIsKept(string old, string now)
    {
        string text = string.Join('\n', Original);
        (DefinitionSet before, DefinitionSet after) =
            (Set(text), Set(text.Replace(old, now, StringComparison.Ordinal)));
        Assert.Equal(
            DefinitionHash.OfState(before, before.Entities[1]), DefinitionHash.OfState(after, after.Entities[1]));
        Assert.NotEqual(DefinitionHash.OfSet(before), DefinitionHash.OfSet(after));
    }

    // Another type's wish decides which records are dead letters, and with that what this type counts.
    [Fact]
    public void OfState_AnotherTypeUsesAnotherFieldOfTheEvent_Differs()
    {
        string text = string.Join('\n', Original);
        (DefinitionSet before, DefinitionSet after) =
            (Set(text), Set(text.Replace("sum(n)", "sum(spare)", StringComparison.Ordinal)));
        Assert.NotEqual(
            DefinitionHash.OfState(before, before.Entities[1]), DefinitionHash.OfState(after, after.Entities[1]));
    }

    private static DefinitionSet Set(string text)
    {
        DefinitionReadResult result = DefinitionFiles.Parse("definitions.yaml", text);
        return result.Set ?? throw new InvalidOperationException(string.Join('\n', result.Errors));
    }

    private static string Edit(Random random)
    {
        var lines = new List<string>(Original);
        for (int swaps = random.Next(4); swaps > 0; swaps--)
        {
            // Fields, or features of one type.
            (int first, int count) = random.Next(3) switch { 0 => (11, 10), 1 => (25, 6), _ => (34, 2) };
            int a = first + random.Next(count), b = first + random.Next(count);
            (lines[a], lines[b]) = (lines[b], lines[a]);
        }

        string text = string.Join('\n', lines);
        for (int edits = random.Next(3); edits > 0; edits--)
        {
            (string old, string now) = Exchanges[random.Next(Exchanges.Length)];
            text = text.Replace(old, now, StringComparison.Ordinal);
        }

        return text;
    }

    // Some are wrong in a field that not everybody uses.
    private static string Payload(Random random)
    {
        string id = string.Create(CultureInfo.InvariantCulture, $"p{random.Next(40)}");
        string Number() => random.Next(8) == 0 ? "\"none\"" : Text(random.Next(100));
        string shop = random.Next(10) == 0 ? "\"\"" : $"\"s{random.Next(3)}\"";
        return $$"""
            {"id":"{{id}}","user":"u{{random.Next(3)}}","shop":{{shop}},"country":"c{{random.Next(3)}}",
             "status":"{{(random.Next(2) == 0 ? "approved" : "declined")}}","amount":{{Number()}},"n":{{Number()}},
             "spare":{{Number()}},"at":{{Text(TestRecords.NowMs + random.Next(400_000))}},
             "sent":{{Text(TestRecords.NowMs - random.Next(400_000))}}}
            """;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    // The snapshots of a type's entities, by key.
    private static byte[] StateOf(DefinitionSet set, EntityDefinition type, string[] payloads)
    {
        EntityPlan plan = PlanCompiler.Compile(set).Single(p => p.Definition.Name == type.Name);
        var entities = new SortedDictionary<string, Entity>(StringComparer.Ordinal);
        var scratch = new ApplyScratch(plan);
        var batch = new EventBatch(set, 0, new TopicPartition(set.Topics[0], 0));
        batch.Load(TestRecords.Batch(0, TestRecords.NowMs, payloads));
        while (batch.MoveNext())
        {
            if (!batch.TryGetKey(type.Sources[0], out ReadOnlySpan<byte> key))
            {
                continue;
            }

            string name = Encoding.UTF8.GetString(key);
            if (!entities.TryGetValue(name, out Entity? entity))
            {
                entities[name] = entity = new Entity(plan);
            }

            if (batch.IsSkipped)
            {
                entity.Skip(batch.Current.Position);
            }
            else
            {
                entity.Apply(batch.Current, scratch);
            }
        }

        var writer = new SnapshotWriter();
        return [.. entities.SelectMany(e =>
        {
            writer.Reset();
            e.Value.Snapshot(writer, scratch);
            return Encoding.UTF8.GetBytes(e.Key).Concat(writer.Written.ToArray());
        })];
    }
}
