using BenchmarkDotNet.Attributes;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;

namespace ContextGrid.Benchmarks;

/// <summary>Rung 3: all 30 features of one user, after few and after many events.</summary>
public class QueryBenchmarks
{
    private readonly BenchmarkInput _input = new();
    private readonly AnswerArena _arena = new();
    private readonly EntityReader _reader;
    private readonly FeatureSelection _selection;
    private readonly Value[] _values;
    private readonly FeatureStatus[] _statuses;
    private readonly long[] _timesMs;
    private readonly byte[] _notes;
    private Entity? _entity;

    public QueryBenchmarks()
    {
        _reader = new EntityReader(_input.Plan);
        _selection = FeatureSelection.All(_input.Plan);
        int features = _selection.Features.Length;
        _values = new Value[features];
        _statuses = new FeatureStatus[features];
        _timesMs = new long[features];
        _notes = new byte[features];
    }

    /// <summary>How many events the user has had, one every 100 ms.</summary>
    [Params(20, 4_000)]
    public int Events { get; set; }

    [GlobalSetup]
    public void Setup() => _entity = _input.NewEntity(Events, new ApplyScratch(_input.Plan));

    [Benchmark]
    public long Query()
    {
        _arena.Reset();
        return _reader.Read(
            _entity, _selection, 0, _arena, new AnswerSlots(_values, _statuses, _timesMs, _notes));
    }
}
