using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using ContextGrid.Cli.Publishing;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Cli.Scaffolding;

/// <summary>
/// Compares sample records with what an event's definition reads: fields that no record has, which are null for ever,
/// and records that would be refused. At most <see cref="SampleFields.RecordsMax"/> records are looked at.
/// </summary>
public sealed class SampleCheck
{
    private const int PathsMax = 2_000;
    private const int RefusalsShown = 3;

    // No sample is from the future: the check is about form.
    private const long RecordMs = TimeRange.MaxMs;

    private readonly EventDefinition _definition;
    private readonly IEventDecoder _decoder;
    private readonly EventRecord _record;
    private readonly bool[] _seen;

    // A sample has no headers, so what stands in them is not missing.
    private readonly bool _hasHeaders;
    private readonly HashSet<string> _arrays = new(StringComparer.Ordinal);
    private readonly HashSet<string> _paths = new(StringComparer.Ordinal);
    private readonly List<string> _refusals = [];
    private long _records;
    private long _refused;

    private SampleCheck(DefinitionSet set, int eventIndex)
    {
        _definition = set.Events[eventIndex];
        _decoder = PlainDecoders.Create(set, eventIndex);
        _record = new EventRecord(_definition.Fields.Length);
        _seen = new bool[_definition.Fields.Length];
        _hasHeaders = _definition.Fields.Any(f => f.Source.IsHeader);
    }

    /// <summary>How many records were looked at.</summary>
    public long Records => _records;

    /// <summary>The event's name.</summary>
    public string Event => _definition.Name;

    /// <summary>Chooses the event that a sample is of.</summary>
    /// <param name="set">The definitions.</param>
    /// <param name="sample">FILE, or EVENT=FILE.</param>
    /// <exception cref="CliException">It is not clear, or the event's format needs a schema.</exception>
    public static (SampleCheck Check, string File) For(DefinitionSet set, string sample)
    {
        var equals = sample.IndexOf('=', StringComparison.Ordinal);
        var named = equals < 0 ? -1 : IndexOf(set, sample[..equals]);
        var index = named >= 0 ? named : set.Events.Length == 1 ? 0 : -1;
        if (index < 0)
            throw new CliException(
                $"--sample '{sample}' does not say of which event it is; write --sample EVENT=FILE, EVENT being one of "
                + string.Join(", ", set.Events.Select(e => e.Name)), ExitCode.WrongUse);
        var definition = set.Events[index];
        if (definition.Format is EventFormat.Avro or EventFormat.Protobuf)
            throw new CliException(
                $"--sample: event '{definition.Name}' is {definition.Format.ToString().ToLowerInvariant()}; samples "
                + "are read of events of the formats json and cloudevents", ExitCode.WrongUse);
        return (new SampleCheck(set, index), named >= 0 ? sample[(equals + 1)..] : sample);
    }

    /// <summary>Reads records, one a line.</summary>
    /// <exception cref="CliException">There is none.</exception>
    public async Task ReadAsync(Stream content, CancellationToken cancellation)
    {
        var lines = new LineReader(content, JsonEventDecoder.PayloadBytesMax);
        while (_records < SampleFields.RecordsMax && await lines.ReadAsync(cancellation))
        {
            if (!lines.IsTooLong && lines.Line.Span.ContainsAnyExcept(" \t\r"u8))
                Add(lines.Line, lines.Number);
        }

        if (_records == 0)
            throw new CliException("the sample has no record.");
    }

    /// <summary>What a person should look at, a sentence each.</summary>
    public IEnumerable<string> Warnings()
    {
        // What is read where another place has nothing need not be in a sample.
        var others = _definition.Fields.SelectMany(f => f.Alternatives).ToHashSet(StringComparer.Ordinal);
        var seen = _definition.Fields.Where((_, i) => _seen[i]).Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var field in _definition.Fields)
        {
            if (!seen.Contains(field.Name) && !field.Alternatives.Any(seen.Contains) && !others.Contains(field.Name)
                && !field.Source.IsHeader)
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"none of {_records} records has '{field.Source}', which the field '{field.Name}' reads")
                    + Hint(field);
        }

        if (_refused > 0)
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{_refused} of {_records} records would be refused: {string.Join(" · ", _refusals)}");
    }

    private static int IndexOf(DefinitionSet set, string name)
    {
        for (var i = 0; i < set.Events.Length; i++)
        {
            if (set.Events[i].Name == name)
                return i;
        }

        return -1;
    }

    private void Add(ReadOnlyMemory<byte> line, long number)
    {
        _records++;
        if (!MemoryMarshal.TryGetArray(line, out var payload))
            payload = line.ToArray();
        var result = _decoder.Decode(payload.Array ?? [], payload.Offset, payload.Count, RecordMs, _record);
        var mayBeInHeader = _hasHeaders && result.Error is (DecodeError.MissingKey or DecodeError.MissingTimestamp);
        if (!result.Succeeded && !mayBeInHeader)
        {
            _refused++;
            if (_refusals.Count < RefusalsShown)
                _refusals.Add(string.Create(
                    CultureInfo.InvariantCulture, $"line {number}: {result.Message} ({result.Reason})"));
        }

        try
        {
            using var document = JsonDocument.Parse(ByteOrderMark.Skip(line));
            See(document.RootElement);
        }
        catch (JsonException)
        {
            // It is among the refused ones.
        }
    }

    private void See(JsonElement record)
    {
        if (record.ValueKind != JsonValueKind.Object)
            return;
        var isCloudEvent = _definition.Format == EventFormat.CloudEvents;
        var data = record;
        if (isCloudEvent && !record.TryGetProperty("data", out data))
            data = default;
        NotePaths(data, []);
        for (var i = 0; i < _seen.Length; i++)
        {
            var path = _definition.Fields[i].Source.Path;
            _seen[i] |= Has(data, path.AsSpan())
                || (isCloudEvent && path is [{ } name] && name.StartsWith("ce_", StringComparison.Ordinal)
                    && record.TryGetProperty(name[3..], out _));
        }
    }

    private static bool Has(JsonElement at, ReadOnlySpan<string> path)
    {
        foreach (var member in path)
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(member, out at))
                return false;
        }

        return true;
    }

    private void NotePaths(JsonElement at, string[] path)
    {
        if (at.ValueKind == JsonValueKind.Array && path.Length > 0)
            _arrays.Add(FieldSource.Print(path));
        if (at.ValueKind != JsonValueKind.Object || path.Length == FieldSource.MembersMax)
            return;
        foreach (var member in at.EnumerateObject())
        {
            if (_paths.Count == PathsMax)
                return;
            string[] inner = [.. path, member.Name];
            _paths.Add(FieldSource.Print(inner));
            NotePaths(member.Value, inner);
        }
    }

    // What was meant: a list on the way, the same last member elsewhere, or a name that is nearly the same.
    private string Hint(FieldDefinition field)
    {
        var path = field.Source.Path.AsSpan();
        for (var i = 1; i < path.Length; i++)
        {
            var outer = FieldSource.Print(path[..i]);
            if (_arrays.Contains(outer))
                return $"; '{outer}' is an array, and a path does not go into arrays";
        }

        var wanted = field.Source.Text;
        var near = NearestName.Suggest(wanted, _paths.Order(StringComparer.Ordinal));
        if (near.StartsWith("; did", StringComparison.Ordinal))
            return near;
        var last = "." + FieldSource.Print(path[^1..]);
        string[] ends = [.. _paths.Where(p => p.EndsWith(last, StringComparison.Ordinal)).Order().Take(2)];
        return ends.Length == 1 ? $"; did you mean '{ends[0]}'?" : near;
    }
}
