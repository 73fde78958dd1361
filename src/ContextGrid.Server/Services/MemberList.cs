using System.Globalization;
using ContextGrid.Runtime.Hosting;

namespace ContextGrid.Server.Services;

/// <summary>
/// Which silos status shows: those that are there, and those that died or left in the last ten minutes, newest first.
/// The cluster itself keeps the dead for days. Thread-safe.
/// </summary>
/// <param name="time">Measures how long a silo is dead.</param>
internal sealed class MemberList(TimeProvider time)
{
    /// <summary>How long a dead silo is shown: as long as somebody may still ask what has just happened.</summary>
    internal static readonly TimeSpan DeadShown = TimeSpan.FromMinutes(10);

    private const string Dead = "Dead";

    private readonly Lock _gate = new();

    // When each dead silo was first seen dead; null: it was dead when this server began to look.
    private Dictionary<string, long?>? _dead;

    /// <summary>Looks at the members, which is to be done often enough to see when one dies.</summary>
    /// <param name="all">All members that the cluster knows.</param>
    /// <returns>Those to show, newest first.</returns>
    internal IReadOnlyList<SiloState> See(IReadOnlyList<SiloState> all)
    {
        lock (_gate)
        {
            // The cluster's first list may be empty.
            if (_dead is null && all.Count == 0)
            {
                return all;
            }

            long? now = _dead is null ? null : time.GetTimestamp();
            Dictionary<string, long?> before = _dead ?? [];
            _dead = all.Where(s => s.Status == Dead).ToDictionary(
                s => s.Address, s => before.TryGetValue(s.Address, out long? since) ? since : now);
            return [.. all.Where(s => s.Status != Dead || IsRecent(_dead[s.Address])).OrderByDescending(Started)];
        }
    }

    private bool IsRecent(long? since) => since is { } at && time.GetElapsedTime(at) < DeadShown;

    // Behind the @ of an address is when the silo was started; without it all are of one age.
    private static long Started(SiloState silo) => long.TryParse(
        silo.Address.AsSpan(silo.Address.LastIndexOf('@') + 1), CultureInfo.InvariantCulture, out long started)
            ? started
            : 0;
}
