using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Orleans.Tests;

/// <summary>What a watch of all users would have sent: their payments, read again after each mark.</summary>
internal sealed class ShownUsers(SiloHost silo, int users)
{
    private readonly Follower _follower = new(silo, users);
    private readonly long[] _payments = new long[users];
    private readonly HashSet<int> _rebuilding = [];
    private readonly long[] _before = new long[users];

    /// <summary>Begins to follow, and reads all for the first time.</summary>
    internal async Task BeginAsync()
    {
        await _follower.BeginAsync();
        await ReadAsync([.. Enumerable.Range(0, users)]);
        _payments.CopyTo(_before, 0);
    }

    /// <summary>
    /// Takes positions, then marks, then reads; and checks that what the positions claim is shown.
    /// </summary>
    /// <param name="published">One payment of each user in turn, since the beginning.</param>
    /// <returns>Whether everything is claimed.</returns>
    internal async Task<bool> LookAsync(List<RecordPosition> published)
    {
        SourceVector claimed = silo.Grid.MarkedUpTo(silo.Progress);
        await ReadAsync(_follower.Take());
        if (_rebuilding.Count > 0)
        {
            return false;
        }

        long[] expected = [.. _before];
        bool isAll = true;
        for (int i = 0; i < published.Count; i++)
        {
            Position[] at = [new Position(Position.SourceOf(0, published[i].Partition), published[i].Offset)];
            bool isClaimed = !claimed.IsBefore(silo.Grid.Plans[1], at);
            expected[i % users] += isClaimed ? 1 : 0;
            isAll &= isClaimed;
        }

        for (int i = 0; i < users; i++)
        {
            Assert.True(_payments[i] >= expected[i], $"u{i}: {expected[i]} are claimed, {_payments[i]} were shown.");
        }

        return isAll;
    }

    private async Task ReadAsync(List<int> marked)
    {
        if (marked.Count == 0)
        {
            return;
        }

        var query = new ContextQuery { Head = QueryHead.Newest };
        var answer = new ContextAnswer();
        query.Selections.Add(FeatureSelection.Of(silo.Grid.Plans[1], ["payments"]));
        marked.ForEach(i => query.Add(0, Follower.KeyOf(i)));
        try
        {
            await silo.Reader.ReadAsync(query, answer, CancellationToken.None);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // As a call that fails while a silo is missed: it is made again.
            marked.ForEach(Hold);
            return;
        }

        for (int i = 0; i < marked.Count; i++)
        {
            if (answer.Statuses(i)[0] == FeatureStatus.Rebuilding)
            {
                Hold(marked[i]);
                continue;
            }

            _rebuilding.Remove(marked[i]);
            _payments[marked[i]] = answer.Values(i)[0].Int64;
        }
    }

    private void Hold(int user)
    {
        _rebuilding.Add(user);
        _follower.Mark(user);
    }
}
