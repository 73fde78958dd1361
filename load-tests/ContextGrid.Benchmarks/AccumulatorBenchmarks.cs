using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Model;

namespace ContextGrid.Benchmarks;

/// <summary>
/// Below rung 2: the state of one aggregate over a thousand rows. Add is for a thousand rows, Merge is into an empty
/// state and for one, Compute is for one result.
/// </summary>
public class AccumulatorBenchmarks
{
    private const int Rows = 1_000;

    private readonly Value[][] _rows = new Value[Rows][];
    private readonly ResultArena _arena = new();
    private Accumulator[] _full = [];
    private Accumulator[] _target = [];
    private AggregateCall? _call;

    [Params(
        AggregateKind.Count, AggregateKind.Sum, AggregateKind.Avg, AggregateKind.Stddev, AggregateKind.Skew,
        AggregateKind.Kurtosis, AggregateKind.Max, AggregateKind.Last, AggregateKind.LastN, AggregateKind.MaxBy,
        AggregateKind.Distinct, AggregateKind.DistinctExact, AggregateKind.Quantile, AggregateKind.Histogram,
        AggregateKind.TopK, AggregateKind.MostFrequent, AggregateKind.Ewma, AggregateKind.UniqueList)]
    public AggregateKind Kind { get; set; }

    /// <summary>How many different texts; 1,000 is beyond the caps of distinct and most_frequent.</summary>
    [Params(200, 1_000)]
    public int Texts { get; set; }

    private ValueKind Input => Kind is AggregateKind.Distinct or AggregateKind.DistinctExact
        or AggregateKind.MostFrequent or AggregateKind.UniqueList ? ValueKind.String : ValueKind.Double;

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        Value[] texts = [.. Enumerable.Range(0, Texts).Select(i => Value.Text($"merchant {i}"))];
        for (int i = 0; i < Rows; i++)
        {
            Value number = Value.Of(random.Next(1, 1_000_000) / 100.0);
            _rows[i] = [Input == ValueKind.String ? texts[random.Next(Texts)] : number, Value.Of((long)random.Next())];
        }

        _call = new AggregateCall(Kind, null, null, 10, 0.95, 3_600_000, [1, 10, 100]);
        ImmutableArray<AccumulatorSpec> specs = AggregateState.Required(_call, 0, Input, 1);
        _full = [.. specs.Select(AccumulatorFactory.Create)];
        _target = [.. specs.Select(AccumulatorFactory.Create)];
        Add();
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public void Add()
    {
        foreach (Accumulator cell in _full)
        {
            cell.Clear();
            for (int i = 0; i < Rows; i++)
            {
                cell.Add(new EventRow(1_750_000_000_000 + i, new Position(0, i), _rows[i]));
            }
        }
    }

    [Benchmark]
    public void Merge()
    {
        for (int i = 0; i < _full.Length; i++)
        {
            _target[i].Clear();
            _target[i].Merge(_full[i]);
        }
    }

    [Benchmark]
    public Value Compute()
    {
        _arena.Reset();
        var context = new ResultContext(1_750_000_001_000, 3_600_000, 1_750_000_000_999, Input);
        return AggregateResult.Compute(_call!, _full, context, _arena); // Setup sets the call.
    }
}
