using System.Globalization;
using System.Text;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Orleans.Tests;

/// <summary>Follows all users on one silo.</summary>
internal sealed class Follower
{
    private readonly SiloHost _silo;
    private readonly ChangedEntities _changed;
    private readonly ContextQuery _query = new();

    internal Follower(SiloHost silo, int users)
    {
        (_silo, _changed) = (silo, new ChangedEntities(users));
        _query.Selections.Add(FeatureSelection.Of(silo.Grid.Plans[1], []));
        for (int i = 0; i < users; i++)
        {
            _query.Add(0, KeyOf(i));
        }
    }

    /// <summary>The key of a user.</summary>
    internal static byte[] KeyOf(int user) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"u{user}"));

    internal ValueTask BeginAsync() => _silo.Grid.FollowAsync(_query, 0, _changed, CancellationToken.None);

    internal void End() => _silo.Grid.Unfollow(_query, 0, _changed);

    /// <summary>Marks a user as changed.</summary>
    internal void Mark(int user) => _changed.Mark(user);

    /// <summary>Takes the marks.</summary>
    internal List<int> Take()
    {
        var marked = new List<int>();
        _changed.Take(marked);
        return marked;
    }

    /// <summary>Waits until each user was marked.</summary>
    internal async Task WaitForAllAsync()
    {
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        for (var marked = new HashSet<int>(); marked.Count < _query.Count; marked.UnionWith(Take()))
        {
            await _changed.WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, limit.Token);
        }
    }
}
