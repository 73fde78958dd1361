using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Codecs;
using ContextGrid.TestKit.Oracle;
using EntityReader = ContextGrid.Core.Queries.EntityReader;

namespace ContextGrid.Core.Tests.Entities;

/// <summary>One entity of the product, driven with the oracle's events and compared with its answers.</summary>
internal sealed class EngineUnderTest
{
    private readonly DefinitionSet _definitions;
    private readonly EntityPlan _plan;
    private readonly ApplyScratch _scratch;
    private readonly EntityReader _reader;
    private readonly FeatureSelection _selection;
    private readonly EventRecord _record;
    private readonly AnswerArena _arena = new();

    internal EngineUnderTest(string yaml)
    {
        DefinitionReadResult read = DefinitionFiles.Parse("scenario.yaml", yaml);
        _definitions = read.Set
            ?? throw new InvalidOperationException(string.Join('\n', read.Errors.AsEnumerable()) + "\n" + yaml);
        _plan = PlanCompiler.Compile(_definitions, _definitions.Entities[0]);
        _scratch = new ApplyScratch(_plan);
        _reader = new EntityReader(_plan);
        _selection = FeatureSelection.All(_plan);
        _record = new EventRecord(_definitions.Events.Max(e => e.Fields.Length));
        Entity = new Entity(_plan);
    }

    internal Entity Entity { get; private set; }

    internal DefinitionSet Definitions => _definitions;

    internal EntityPlan Plan => _plan;

    internal ApplyOutcome Apply(OracleEvent e)
    {
        int index = IndexOf(_definitions.Events.Select(d => d.Name), e.EventName);
        EventDefinition definition = _definitions.Events[index];
        _record.EventIndex = index;
        _record.EventTimeMs = e.TimeMs;
        _record.LogTimeMs = e.TimeMs;
        _record.Position = new Position(
            Position.SourceOf(IndexOf(_definitions.Topics, e.Topic), e.Partition), e.Offset);
        for (int i = 0; i < definition.Fields.Length; i++)
        {
            _record.Fields[i] = CoreValues.ToCore(e.Fields.GetValueOrDefault(definition.Fields[i].Name));
        }

        return Entity.Apply(_record, _scratch);
    }

    internal void ApplyAll(IEnumerable<OracleEvent> events)
    {
        foreach (OracleEvent e in events)
        {
            Apply(e);
        }
    }

    internal byte[] Snapshot()
    {
        var writer = new SnapshotWriter();
        Entity.Snapshot(writer, _scratch);
        return writer.Written.ToArray();
    }

    internal void Restore(ReadOnlySpan<byte> snapshot) => Entity = Entity.Restore(_plan, snapshot);

    /// <summary>The product's answer for one feature.</summary>
    internal (object? Value, OracleStatus Status, long EventTimeMs) Answer(string feature, long headMs)
    {
        Answers answers = Read(headMs);
        int at = IndexOf(_selection.Names, feature);
        return (CoreValues.FromCore(answers.Values[at]), (OracleStatus)answers.Statuses[at], answers.TimesMs[at]);
    }

    /// <summary>The first head after one at which an answer can change without an event.</summary>
    internal long NextChangeMs(long headMs)
    {
        Read(headMs);
        return _reader.NextChangeMs(Entity.Applied.IsEmpty ? null : Entity, _selection, headMs);
    }

    /// <summary>Names and answers of the features that do not run with the head.</summary>
    internal List<string> StandingAnswers(long headMs)
    {
        Answers answers = Read(headMs);
        return
        [
            .. Enumerable.Range(0, _selection.Names.Length).Where(i => !_selection.Runs[i]).Select(i =>
                $"{_selection.Names[i]}: {OracleText.Of(CoreValues.FromCore(answers.Values[i]))} {answers.Statuses[i]} "
                + $"{answers.TimesMs[i]} {answers.Notes[i]}"),
        ];
    }

    /// <summary>Every feature whose answer is not what the oracle says.</summary>
    internal List<string> Differences(FeatureOracle oracle, object key, long headMs)
    {
        Answers answers = Read(headMs);
        var slots = new AnswerSlots(answers.Values, answers.Statuses, answers.TimesMs, answers.Notes);
        return OracleDifferences.Of(oracle, key, headMs, _selection.Names, slots);
    }

    /// <summary>The names of the features whose answers say that they are approximate.</summary>
    internal string[] Approximate(long headMs)
    {
        Answers answers = Read(headMs);
        return [.. _selection.Names.Where((_, i) => (answers.Notes[i] & 1) != 0)];
    }

    private Answers Read(long headMs)
    {
        int count = _selection.Names.Length;
        var answers = new Answers(new Value[count], new FeatureStatus[count], new long[count], new byte[count]);
        _arena.Reset();
        Entity? entity = Entity.Applied.IsEmpty ? null : Entity;
        var slots = new AnswerSlots(answers.Values, answers.Statuses, answers.TimesMs, answers.Notes);
        _reader.Read(entity, _selection, headMs, _arena, slots);
        return answers;
    }

    private static int IndexOf(IEnumerable<string> names, string name) => names.TakeWhile(n => n != name).Count();

    private sealed record Answers(Value[] Values, FeatureStatus[] Statuses, long[] TimesMs, byte[] Notes);
}
