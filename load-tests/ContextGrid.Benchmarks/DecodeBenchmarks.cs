using BenchmarkDotNet.Attributes;
using ContextGrid.Core.Model;

namespace ContextGrid.Benchmarks;

/// <summary>Rung 1: a payment of about 180 bytes from JSON to a record.</summary>
public class DecodeBenchmarks
{
    private readonly BenchmarkInput _input = new();
    private readonly EventRecord _record;
    private int _next;

    public DecodeBenchmarks() => _record = _input.NewRecord();

    [Benchmark]
    public long Decode()
    {
        _input.Decode(_next++, _record);
        return _record.EventTimeMs;
    }
}
