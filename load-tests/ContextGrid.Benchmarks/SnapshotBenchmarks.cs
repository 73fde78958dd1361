using BenchmarkDotNet.Attributes;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Benchmarks;

/// <summary>The state of one user to bytes and back.</summary>
public class SnapshotBenchmarks
{
    private readonly BenchmarkInput _input = new();
    private readonly SnapshotWriter _writer = new();
    private readonly ApplyScratch _scratch;
    private readonly Entity _entity;
    private readonly byte[] _snapshot;

    public SnapshotBenchmarks()
    {
        _scratch = new ApplyScratch(_input.Plan);
        _entity = _input.NewEntity(20, _scratch);
        Snapshot();
        _snapshot = _writer.Written.ToArray();
    }

    [Benchmark]
    public int Snapshot()
    {
        _writer.Reset();
        _entity.Snapshot(_writer, _scratch);
        return _writer.Length;
    }

    [Benchmark]
    public Entity Restore() => Entity.Restore(_input.Plan, _snapshot);
}
