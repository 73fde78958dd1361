using System.Text.Json;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Cli.Scaffolding;

/// <summary>
/// Finds the members of sample records, those of nested objects too, and the narrowest types that hold all their
/// values.
/// </summary>
public sealed class SampleFields
{
    /// <summary>Records that are looked at.</summary>
    public const int RecordsMax = 10_000;

    // The shortest RFC 3339 time.
    private const int TimeCharsMin = 20;
    private const double CenturySeconds = 946_684_800;
    private const double CenturyEndSeconds = 4_102_444_800;
    private const int NameCharsMax = 256;
    private const int DistinctMax = 1_000;
    private const int MembersMax = 200;

    // Deeper members are hardly ever features.
    private const int DepthMax = 4;

    private readonly Dictionary<string, Member> _members = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];

    /// <summary>Records so far.</summary>
    public int Records { get; private set; }

    /// <summary>Adds a record.</summary>
    /// <exception cref="CliException">It is no JSON object.</exception>
    public void Add(ReadOnlyMemory<byte> line, long number)
    {
        try
        {
            using var document = JsonDocument.Parse(ByteOrderMark.Skip(line));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new CliException($"line {number} of the sample is no JSON object.");
            SeeMembers(document.RootElement, [], null);
            Records++;
        }
        catch (JsonException e)
        {
            throw new CliException($"line {number} of the sample is no JSON: {e.Message}");
        }
    }

    /// <summary>The members that a field can hold, in the order of their first occurrence.</summary>
    public IReadOnlyList<FieldSketch> ToFields() =>
    [
        .. _order.Select(name => new FieldSketch(
            name, _members[name].Type, _members[name].Values.Count, _members[name].Unit))
            .Where(f => f.Type is not (ValueKind.Null or ValueKind.Map) && _members[f.Name].IsInObjects),
    ];

    private void SeeMembers(JsonElement record, string[] path, Member? outer)
    {
        foreach (var member in record.EnumerateObject())
            See([.. path, member.Name], member.Value, outer);
    }

    private void See(string[] path, JsonElement value, Member? outer)
    {
        var name = FieldSource.NameOf(path);
        if (!_members.TryGetValue(name, out var member))
        {
            if (_members.Count == MembersMax || name.Length > NameCharsMax || name.Contains('`'))
                return;
            _members[name] = member = new Member(outer);
            _order.Add(name);
        }

        var type = TypeOf(value);
        if (type == ValueKind.Null)
            return;
        member.IsObject &= value.ValueKind == JsonValueKind.Object;
        if (value.ValueKind == JsonValueKind.Object && path.Length < DepthMax)
            SeeMembers(value, path, member);
        var unit = value.ValueKind == JsonValueKind.Number ? UnitOf(value.GetDouble()) : TimeUnit.Unstated;
        member.Unit = member.Type == ValueKind.Null || member.Unit == unit ? unit : TimeUnit.Unstated;
        member.Type = Join(member.Type, type);
        if (member.Values.Count < DistinctMax)
            member.Values.Add(value.GetRawText());
    }

    // A map stands for what no field holds: objects, and members of several types.
    private static ValueKind Join(ValueKind so, ValueKind now) => (so, now) switch
    {
        (ValueKind.Null, _) => now,
        _ when so == now => so,
        (ValueKind.Int64, ValueKind.Double) or (ValueKind.Double, ValueKind.Int64) => ValueKind.Double,
        (ValueKind.String, ValueKind.Timestamp) or (ValueKind.Timestamp, ValueKind.String) => ValueKind.String,
        _ => ValueKind.Map,
    };

    private static ValueKind TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => ValueKind.Bool,
        JsonValueKind.Number => value.TryGetInt64(out _) ? ValueKind.Int64 : ValueKind.Double,
        JsonValueKind.String => IsTime(value.GetString() ?? "") ? ValueKind.Timestamp : ValueKind.String,
        JsonValueKind.Array => value.EnumerateArray().Any(IsNested) ? ValueKind.Map : ValueKind.List,
        JsonValueKind.Object => ValueKind.Map,
        _ => ValueKind.Null,
    };

    // A time from 2000 to 2100 is one in a single unit.
    private static TimeUnit UnitOf(double number)
    {
        var seconds = number;
        foreach (var unit in Enum.GetValues<TimeUnit>().Skip(1))
        {
            if (seconds is >= CenturySeconds and < CenturyEndSeconds)
                return unit;
            seconds /= 1_000;
        }

        return TimeUnit.Unstated;
    }

    private static bool IsNested(JsonElement item) =>
        item.ValueKind is JsonValueKind.Array or JsonValueKind.Object;

    private static bool IsTime(string text) =>
        text.Length >= TimeCharsMin && TimeText.TryParse(text, out _, out _);

    private sealed class Member(Member? outer)
    {
        // Whether every value that is not null is an object.
        internal bool IsObject { get; set; } = true;

        // Whether a path to it never meets anything else, which would be refused.
        internal bool IsInObjects => outer is null || (outer.IsObject && outer.IsInObjects);

        internal ValueKind Type { get; set; }

        internal TimeUnit Unit { get; set; }

        internal HashSet<string> Values { get; } = new(StringComparer.Ordinal);
    }
}
