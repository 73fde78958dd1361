using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>
/// Publishes seeded batches for entities of its own and remembers what was acknowledged. With ids a batch whose
/// acknowledgement was lost is published again, also to the next server; without ids it stays in doubt, and the
/// writer's next users are others, so that each user has at most one batch in doubt. One task at a time.
/// </summary>
internal sealed class CrashWriter(string name, bool hasIds, int seed)
{
    private const int Users = 4;
    private const long TimeMs = 1_700_000_000_000;

    private readonly Random _random = new(seed);
    private readonly Dictionary<string, UserLedger> _ledgers = [];
    private readonly Dictionary<int, SourcePosition> _positions = [];
    private List<(string User, int Number)>? _unanswered;
    private int _number;
    private int _era;

    internal IReadOnlyDictionary<string, UserLedger> Ledgers => _ledgers;

    internal IReadOnlyCollection<SourcePosition> Positions => _positions.Values;

    internal string Topic => hasIds ? "payments" : "ticks";

    /// <summary>Publishes until the server is gone; signals each acknowledged batch.</summary>
    internal async Task RunAsync(ContextGridClient client, Action acknowledged)
    {
        try
        {
            while (true)
            {
                await PublishAsync(client);
                acknowledged();
                if (_random.Next(5) == 0)
                {
                    await ReadOwnWritesAsync(client);
                }
            }
        }
        catch (ContextGridException)
        {
            _era += hasIds ? 0 : 1;
        }
    }

    /// <summary>Publishes once more what is unanswered, where ids make that harmless.</summary>
    internal async Task SettleAsync(ContextGridClient client)
    {
        if (hasIds && _unanswered is not null)
        {
            await PublishAsync(client);
        }
    }

    private async Task PublishAsync(ContextGridClient client)
    {
        if (!hasIds)
        {
            _unanswered = null;
        }

        _unanswered ??=
        [
            .. Enumerable.Range(0, _random.Next(1, 40))
                .Select(_ => ($"{name}-{_era}-{_random.Next(Users)}", ++_number)),
        ];
        if (!hasIds)
        {
            _unanswered.ForEach(e => Ledger(e.User).InDoubt.Add(e.Number));
        }

        PublishResult result = await client.PublishAsync(Topic, _unanswered.Select(Json));
        Assert.Equal((_unanswered.Count, 0), (result.Accepted, result.Refused.Count));
        foreach ((string user, int number) in _unanswered)
        {
            Ledger(user).Acknowledged.Add(number);
            Ledger(user).InDoubt.Clear();
        }

        foreach (SourcePosition position in result.Positions)
        {
            // The log gives offsets in the order of acknowledgement, also across a crash.
            bool known = _positions.TryGetValue(position.Partition, out SourcePosition? last);
            Assert.True(!known || last?.Offset < position.Offset);
            _positions[position.Partition] = position;
        }

        _unanswered = null;
    }

    private async Task ReadOwnWritesAsync(ContextGridClient client)
    {
        (string user, UserLedger ledger) = _ledgers.ElementAt(_random.Next(_ledgers.Count));
        ledger.Check(user, hasIds, await GridFolder.ReadAsync(client, user, [.. Positions]));
    }

    private UserLedger Ledger(string user)
    {
        if (!_ledgers.TryGetValue(user, out UserLedger? ledger))
        {
            _ledgers[user] = ledger = new UserLedger();
        }

        return ledger;
    }

    private string Json((string User, int Number) e) => hasIds
        ? string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"payment_id":"{{name}}-{{e.Number}}","user_id":"{{e.User}}","items":{{e.Number}},"ts":{{TimeMs}}}""")
        : string.Create(CultureInfo.InvariantCulture, $$"""{"user_id":"{{e.User}}","n":{{e.Number}}}""");
}

/// <summary>What one user must show.</summary>
internal sealed class UserLedger
{
    /// <summary>Numbers of acknowledged events.</summary>
    internal List<long> Acknowledged { get; } = [];

    /// <summary>Numbers of events without an answer, in order: a prefix of them may count.</summary>
    internal List<long> InDoubt { get; } = [];

    /// <summary>Fails unless the answer is right.</summary>
    internal void Check(string user, bool hasIds, EntityResult found)
    {
        string prefix = hasIds ? "payment" : "tick";
        long count = found[prefix + "s"].AsInt64 ?? 0;
        long different = found[hasIds ? "payment_ids" : "tick_numbers"].AsInt64 ?? 0;
        long sum = found[hasIds ? "items" : "tick_sum"].AsInt64 ?? 0;
        string what = $"{user}: count {count}, different {different}, sum {sum}; acknowledged {Acknowledged.Count} "
            + $"with sum {Acknowledged.Sum()}, in doubt {InDoubt.Count}";
        Assert.True(count == different, what);
        Assert.True(count >= Acknowledged.Count && count <= Acknowledged.Count + InDoubt.Count, what);
        Assert.True(sum == Acknowledged.Sum() + InDoubt.Take((int)(count - Acknowledged.Count)).Sum(), what);
        Assert.Empty(found.Degraded);
    }
}
