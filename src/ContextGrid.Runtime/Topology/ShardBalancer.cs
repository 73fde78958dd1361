using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Topology;

/// <summary>
/// Says which shards move where, from the ownership and the members alone: every process works out the same plan, and
/// carries out what only it can. Pure.
/// </summary>
/// <remarks>
/// Shares differ by one shard at most, and as few shards move as that allows. A process that joins takes the shards
/// that moved last, so that a process that comes back after its own restart takes what it gave: in a rolling restart no
/// shard moves more than twice. Shards are dealt in an order in which those of one partition stand side by side: the
/// numbers that agree in their low bits.
/// </remarks>
internal static class ShardBalancer
{
    /// <summary>The moves that one process can make.</summary>
    /// <param name="ownership">Who owns what.</param>
    /// <param name="self">The lineage of the process.</param>
    /// <param name="active">The addresses of the processes that can own shards.</param>
    /// <param name="isDead">Whether a process is gone for good.</param>
    /// <param name="isLeaving">Whether the process gives all its shards away.</param>
    internal static BalanceMoves Plan(
        Ownership ownership,
        long self,
        IReadOnlyList<string> active,
        Func<string, bool> isDead,
        bool isLeaving)
    {
        List<long> members =
        [
            .. ownership.Owners
                .Where(o => active.Contains(o.Address) && !(isLeaving && o.Lineage == self))
                .GroupBy(o => o.Address, StringComparer.Ordinal)
                .Select(g => g.Max(o => o.Lineage))
                .Order(),
        ];
        var moves = new BalanceMoves();
        if (members.Count == 0)
        {
            return moves;
        }

        Dictionary<long, string> addresses = ownership.Owners.ToDictionary(o => o.Lineage, o => o.Address);
        Dictionary<long, List<int>> shares = members.ToDictionary(m => m, _ => new List<int>());
        List<int> pool = Pool(ownership, self, isLeaving, shares, addresses, isDead);
        foreach ((long member, int count) in Deal(shares, pool.Count))
        {
            foreach (int shard in pool.GetRange(0, count))
            {
                long owner = ownership.Shards[shard].Owner;
                if (owner == self && member != self)
                {
                    moves.HandOver[shard] = member;
                }
                else if (member == self && owner != self && IsOrphan(owner, addresses, isDead))
                {
                    moves.TakeOver = moves.TakeOver.With(shard);
                }
            }

            pool.RemoveRange(0, count);
        }

        return moves;
    }

    private static bool IsOrphan(long owner, Dictionary<long, string> addresses, Func<string, bool> isDead) =>
        !addresses.TryGetValue(owner, out string? address) || isDead(address);

    // What nobody has, what somebody has too much of, and all of one that leaves; in the order in which it is dealt.
    private static List<int> Pool(
        Ownership ownership,
        long self,
        bool isLeaving,
        Dictionary<long, List<int>> shares,
        Dictionary<long, string> addresses,
        Func<string, bool> isDead)
    {
        var pool = new List<int>();
        int elsewhere = 0;
        for (int shard = 0; shard < ownership.Shards.Length; shard++)
        {
            long owner = ownership.Shards[shard].Owner;
            if (shares.TryGetValue(owner, out List<int>? share))
            {
                share.Add(shard);
            }
            else if (IsOrphan(owner, addresses, isDead) || (isLeaving && owner == self))
            {
                pool.Add(shard);
            }
            else
            {
                elsewhere++; // Its owner leaves, and gives it away itself; or nobody knows yet what became of it.
            }
        }

        foreach ((long member, int most) in Targets(shares, ownership.Shards.Length - elsewhere))
        {
            List<int> share = shares[member];
            int[] excess =
            [
                .. share.OrderByDescending(s => ownership.Shards[s].MovedIn).ThenByDescending(Rank)
                    .Take(Math.Max(0, share.Count - most)),
            ];
            share.RemoveAll(s => excess.Contains(s));
            pool.AddRange(excess);
        }

        return [.. pool.OrderBy(Rank)];
    }

    // How many each gets of those that are dealt, the same way on every process.
    private static List<(long Member, int Count)> Deal(Dictionary<long, List<int>> shares, int count)
    {
        int all = shares.Values.Sum(s => s.Count) + count;
        var dealt = new List<(long Member, int Count)>();
        foreach ((long member, int most) in Targets(shares, all).OrderBy(t => t.Member))
        {
            int some = Math.Clamp(most - shares[member].Count, 0, count);
            dealt.Add((member, some));
            count -= some;
        }

        return dealt;
    }

    // Those that have most keep the shards that do not divide.
    private static IEnumerable<(long Member, int Most)> Targets(Dictionary<long, List<int>> shares, int all) =>
        shares.OrderByDescending(s => s.Value.Count).ThenBy(s => s.Key)
            .Select((s, i) => (s.Key, (all / shares.Count) + (i < all % shares.Count ? 1 : 0)))
            .ToList();

    // The bits of the number in reverse.
    private static int Rank(int shard)
    {
        int rank = 0;
        for (int bit = 1; bit < ShardMap.CountMax; bit <<= 1)
        {
            rank = (rank << 1) | ((shard & bit) != 0 ? 1 : 0);
        }

        return rank;
    }
}

/// <summary>The moves that one process can make.</summary>
internal sealed class BalanceMoves
{
    /// <summary>Shards that it gives away, each with the lineage that gets it.</summary>
    internal Dictionary<int, long> HandOver { get; } = [];

    /// <summary>Shards that it takes, since their owners are gone or there is none.</summary>
    internal ShardSet TakeOver { get; set; }
}
