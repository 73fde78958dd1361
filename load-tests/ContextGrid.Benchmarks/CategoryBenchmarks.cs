using BenchmarkDotNet.Attributes;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Benchmarks;

/// <summary>
/// One entity with categories, below and beyond what has state of its own. Apply is for an event, Read for all
/// features.
/// </summary>
public class CategoryBenchmarks
{
    private const int Events = 20_000;
    private const int StepMs = 100;

    private const string Yaml = """
        version: 1
        events:
          hit:
            topic: hits
            timestamp: ts
            fields: {user: string, page: string, amount: double, ts: timestamp}
        entities:
          user:
            from: {hit: user}
            features:
              n: hit | count() by page top 10
              total: hit | sum(amount) by page top 10
              n_1h: hit | count() by page top 10 over 1h
              frequent: hit | most_frequent(page, 10)
              median: hit | quantile(amount, 0.5)
        """;

    private readonly EventRecord _record = new(4);
    private readonly AnswerArena _arena = new();
    private readonly Value[] _values = new Value[5];
    private readonly FeatureStatus[] _statuses = new FeatureStatus[5];
    private readonly long[] _timesMs = new long[5];
    private readonly byte[] _notes = new byte[5];
    private Value[] _pages = [];
    private int[] _order = [];
    private Entity? _entity;
    private ApplyScratch? _scratch;
    private EntityReader? _reader;
    private FeatureSelection? _selection;
    private long _offset;

    [Params(100, 900, 5_000)]
    public int Categories { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        DefinitionSet set = DefinitionFiles.Parse("categories.yaml", Yaml).Set
            ?? throw new InvalidOperationException("The definitions are wrong.");
        EntityPlan plan = PlanCompiler.Compile(set)[0];
        var random = new Random(1);
        _pages = [.. Enumerable.Range(0, Categories).Select(i => Value.Text($"/page/{i:d6}"))];
        _order = [.. Enumerable.Range(0, Events).Select(_ => (int)Math.Pow(Categories, random.NextDouble()))];
        _entity = new Entity(plan);
        _scratch = new ApplyScratch(plan);
        _reader = new EntityReader(plan);
        _selection = FeatureSelection.All(plan);
        for (int i = 0; i < Categories; i++)
        {
            ApplyOne(i);
        }

        Apply();
    }

    [Benchmark(OperationsPerInvoke = Events)]
    public void Apply()
    {
        foreach (int page in _order)
        {
            ApplyOne(page);
        }
    }

    [Benchmark]
    public long Read()
    {
        _arena.Reset();
        return _reader!.Read( // Setup sets it, and what else is asked for.
            _entity, _selection!, 0, _arena, new AnswerSlots(_values, _statuses, _timesMs, _notes));
    }

    private void ApplyOne(int page)
    {
        _record.EventTimeMs = BenchmarkInput.StartMs + (_offset * StepMs);
        _record.Position = new Position(0, _offset++);
        _record.Fields[0] = Value.Text([], 0, 0);
        _record.Fields[1] = _pages[page % _pages.Length];
        _record.Fields[2] = Value.Of(page * 0.25 + 1);
        _entity!.Apply(_record, _scratch!); // Setup sets them.
    }
}
