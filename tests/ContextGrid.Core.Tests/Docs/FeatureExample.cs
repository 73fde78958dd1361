using System.Collections.Immutable;
using System.Globalization;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Core.Tests.Docs;

/// <summary>One worked example of docs/FEATURES.md: features, events, and answers at some heads.</summary>
/// <param name="Line">The line of the document where it starts.</param>
/// <param name="Entity">The definitions; the last feature is the one that is asked for.</param>
/// <param name="Events">The events in the order of their arrival.</param>
/// <param name="Key">The entity asked for.</param>
/// <param name="Answers">The heads and the right answers.</param>
public sealed record FeatureExample(
    int Line,
    OracleEntity Entity,
    ImmutableArray<OracleEvent> Events,
    string Key,
    ImmutableArray<(long HeadMs, string Answer)> Answers)
{
    // The examples give times of one day only; it is a Monday.
    private static readonly DateTime Day = new(2026, 1, 5, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>All examples of the document.</summary>
    public static List<FeatureExample> ReadAll(string path)
    {
        string[] lines = File.ReadAllLines(path);
        var streams = new Dictionary<string, ImmutableArray<OracleEvent>>();
        var examples = new List<FeatureExample>();
        for (int i = 0; i < lines.Length; i++)
        {
            string[] block = [.. lines.Skip(i + 1).TakeWhile(l => l != "```")];
            if (lines[i].StartsWith("```events ", StringComparison.Ordinal))
            {
                streams[lines[i][10..]] = Stream(block);
            }
            else if (lines[i] == "```example")
            {
                examples.Add(Parse(i + 1, block, streams));
            }
        }

        return examples;
    }

    /// <summary>The time of day, such as <c>09:30:00</c> or <c>09:30:00.250</c>, on the examples' day.</summary>
    public static long TimeMs(string text) =>
        new DateTimeOffset(Day + TimeSpan.Parse(text, CultureInfo.InvariantCulture)).ToUnixTimeMilliseconds();

    /// <summary>The answer as the document writes it: value, status, and time of the newest event.</summary>
    public static string Text(object? value, OracleStatus status, long eventTimeMs)
    {
        string name = status == OracleStatus.NeverSeen ? "NEVER_SEEN" : status.ToString().ToUpperInvariant();
        string time = eventTimeMs == OracleAnswer.NoEventMs
            ? "never"
            : DateTimeOffset.FromUnixTimeMilliseconds(eventTimeMs).ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        return $"{OracleText.Of(value)} {name} {time}";
    }

    private static FeatureExample Parse(
        int line, string[] block, Dictionary<string, ImmutableArray<OracleEvent>> streams)
    {
        var features = ImmutableArray.CreateBuilder<OracleFeature>();
        var answers = ImmutableArray.CreateBuilder<(long, string)>();
        ImmutableArray<OracleEvent> events = streams["day"];
        (long ttlMs, long headMs, string key) = (0, 0, "ann");
        foreach (string[] part in block.Select(l => l.Split(": ", 2)))
        {
            string text = part[1];
            switch (part[0])
            {
                case "events": events = streams[text]; break;
                case "ttl": ttlMs = OracleParser.Duration(text); break;
                case "entity": key = text; break;
                case "as_of": headMs = TimeMs(text); break;
                case "answer": answers.Add((headMs, text)); break;
                case "feature": features.Add(OracleParser.Feature("f" + features.Count, text)); break;
                default: features.Add(OracleParser.Feature(part[0], text)); break;
            }
        }

        var sources = ImmutableDictionary<string, string>.Empty.Add("payment", "user");
        var entity = new OracleEntity("user", sources, ttlMs, features.ToImmutable());
        return new(line, entity, events, key, answers.ToImmutable());
    }

    // The first line has the fields' names; time and partition are the first two columns.
    private static ImmutableArray<OracleEvent> Stream(string[] block)
    {
        string[] names = block[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var events = ImmutableArray.CreateBuilder<OracleEvent>();
        foreach (string[] row in block.Skip(1).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            var fields = names.Zip(row).Skip(2).ToDictionary(f => f.First, f => Value(f.First, f.Second));
            fields["user"] = "ann";
            int partition = int.Parse(row[1], CultureInfo.InvariantCulture);
            events.Add(new OracleEvent("payment", TimeMs(row[0]), "payments", partition, events.Count, fields));
        }

        return events.ToImmutable();
    }

    private static object? Value(string field, string text) => (field, text) switch
    {
        (_, "null") => null,
        ("amount", _) => double.Parse(text, CultureInfo.InvariantCulture),
        ("qty", _) => long.Parse(text, CultureInfo.InvariantCulture),
        ("card", _) => text == "true",
        _ => text,
    };
}
