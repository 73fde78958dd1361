using System.Text.Unicode;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>All features of one user by uniform choice, again and again. One thread at a time.</summary>
internal sealed class RandomQuery
{
    private readonly EmbeddedHost _host;
    private readonly int _users;
    private readonly Random _random;
    private readonly FeatureSelection _selection;
    private readonly ContextQuery _query = new();
    private readonly ContextAnswer _answer = new();
    private readonly byte[] _key = new byte[16];

    internal RandomQuery(EmbeddedHost host, int users, int seed)
    {
        (_host, _users, _random) = (host, users, new Random(seed));
        _selection = FeatureSelection.All(host.Grid.Plans[0]);
    }

    internal ValueTask<ContextOutcome> RunAsync()
    {
        Utf8.TryWrite(_key, $"u{_random.Next(_users)}", out int length);
        _query.Clear();
        _query.Selections.Add(_selection);
        _query.Add(0, _key.AsSpan(0, length));
        return _host.Reader.ReadAsync(_query, _answer, CancellationToken.None);
    }
}
