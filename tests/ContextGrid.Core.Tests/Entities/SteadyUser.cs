using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Codecs;
using EntityReader = ContextGrid.Core.Queries.EntityReader;

namespace ContextGrid.Core.Tests.Entities;

/// <summary>One entity with all that works on it, and an endless stream of its events.</summary>
internal sealed class SteadyUser
{
    private const long StartMs = 1_750_000_000_000;

    private const string Head = """
        version: 1
        events:
          payment:
            topic: payments
            timestamp: ts
            fields: {user_id: string, amount: double, merchant: string, country: string, n: int64, ts: timestamp}
        entities:
          user:
            from: {payment: user_id}
            features:
        """;

    private readonly Value[] _names = [.. Enumerable.Range(0, 40).Select(i => Value.Text($"merchant {i:d3}"))];
    private readonly Value[] _countries = [.. "DE FR IT ES".Split(' ').Select(Value.Text)];
    private readonly EventRecord _record = new(8);
    private readonly Random _random = new(5);
    private readonly SnapshotWriter _writer = new();
    private readonly AnswerArena _arena = new();
    private readonly Entity _entity;
    private readonly ApplyScratch _scratch;
    private readonly EntityReader _reader;
    private readonly FeatureSelection _all;
    private readonly Value[] _values;
    private readonly FeatureStatus[] _statuses;
    private readonly long[] _timesMs;
    private readonly byte[] _notes;
    private readonly int _stepMs;
    private long _count;

    internal SteadyUser(string features, int stepMs, string head = "newest")
    {
        DefinitionReadResult read = DefinitionFiles.Parse(
            "test.yaml",
            Head.Replace("features:", $"head: {head}\n    features:", StringComparison.Ordinal) + "\n" + features);
        DefinitionSet set = read.Set
            ?? throw new InvalidOperationException(string.Join('\n', read.Errors.AsEnumerable()));
        EntityPlan plan = PlanCompiler.Compile(set)[0];
        _entity = new Entity(plan);
        _scratch = new ApplyScratch(plan);
        _reader = new EntityReader(plan);
        _all = FeatureSelection.All(plan);
        _values = new Value[_all.Names.Length];
        _statuses = new FeatureStatus[_values.Length];
        _timesMs = new long[_values.Length];
        _notes = new byte[_values.Length];
        _stepMs = stepMs;
        _record.Fields[0] = Value.Text("u1");
    }

    internal void Apply(int events)
    {
        for (int i = 0; i < events; i++, _count++)
        {
            int lateMs = _random.Next(10) == 0 ? _random.Next(60_000) : 0;
            _record.EventTimeMs = StartMs + _count * _stepMs - lateMs;
            _record.LogTimeMs = _record.EventTimeMs;
            _record.Position = new Position(0, _count);
            _record.Fields[1] = Value.Of(_random.Next(100, 10_000) / 100.0);
            _record.Fields[2] = _names[_random.Next(_names.Length)];
            _record.Fields[3] = _countries[_random.Next(_countries.Length)];
            _record.Fields[4] = Value.Of((long)_random.Next(1000));
            _record.Fields[5] = Value.Timestamp(_record.EventTimeMs);
            _entity.Apply(_record, _scratch);
        }
    }

    internal void Read()
    {
        _arena.Reset();
        long headMs = _entity.HeadMsMin + _random.Next(5_000);
        _reader.Read(_entity, _all, headMs, _arena, new AnswerSlots(_values, _statuses, _timesMs, _notes));
    }

    internal void Snapshot()
    {
        _writer.Reset();
        _entity.Snapshot(_writer, _scratch);
    }
}
