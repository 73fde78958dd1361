using System.Globalization;

namespace ContextGrid.Integration.Tests.Cluster;

/// <summary>What a run of faults has measured.</summary>
internal sealed class ClusterReport
{
    private readonly List<(string What, TimeSpan Back)> _back = [];

    internal long EventsAcknowledged { get; set; }

    internal long AnswersChecked { get; set; }

    internal int Entities { get; set; }

    /// <summary>The newest measurement.</summary>
    internal string Last => _back.Count == 0 ? "" : Text(_back[^1].What, [_back[^1].Back]);

    /// <summary>Notes how long it took until all reachable silos had answered whole again.</summary>
    internal void Note(string what, TimeSpan back) => _back.Add((what, back));

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{EventsAcknowledged:N0} events acknowledged, {AnswersChecked:N0} answers checked, {Entities:N0} entities\n")
        + string.Join('\n', _back.GroupBy(b => b.What).Select(g => Text(g.Key, [.. g.Select(b => b.Back)])));

    private static string Text(string what, TimeSpan[] back) => string.Create(
        CultureInfo.InvariantCulture,
        $"{what}: {back.Length} times, whole after {back.Min().TotalSeconds:F1} to {back.Max().TotalSeconds:F1} s");
}
