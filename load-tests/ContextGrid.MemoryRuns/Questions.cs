using System.Diagnostics;
using System.Text;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.MemoryRuns;

/// <summary>Asks for all features of one entity after the other, and tells hits from misses.</summary>
internal sealed class Questions
{
    private readonly EmbeddedHost _host;
    private readonly ContextQuery _query = new();
    private readonly ContextAnswer _answer = new();
    private readonly FeatureSelection _all;

    internal Questions(EmbeddedHost host)
    {
        _host = host;
        _all = FeatureSelection.All(host.Grid.Plans[0]);
    }

    /// <summary>Latencies of entities that were in memory, microseconds.</summary>
    internal List<double> Hits { get; } = [];

    /// <summary>Latencies of entities that were looked up in the checkpoint, microseconds.</summary>
    internal List<double> Misses { get; } = [];

    /// <summary>Asks, and counts the latency.</summary>
    /// <returns>The first feature: of the benchmark's definitions, how many events it has.</returns>
    internal async Task<long> AskAsync(int user)
    {
        _query.Clear();
        _query.Selections.Add(_all);
        _query.Add(0, Encoding.UTF8.GetBytes(Traffic.UserOf(user)));
        long lookups = _host.Metrics.Entities.Lookups, started = Stopwatch.GetTimestamp();
        await _host.Reader.ReadAsync(_query, _answer, CancellationToken.None);
        double micros = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        (_host.Metrics.Entities.Lookups == lookups ? Hits : Misses).Add(micros);
        return _answer.Values(0)[0].Int64;
    }
}
