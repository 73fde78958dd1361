using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Faults.Crashes;

/// <summary>
/// A producer: seeded batches with bursts, one hot merchant, late events, poison, and, where events have ids, repeated
/// batches and ids that are used twice. With ids a batch whose answer was lost is published again, also to the next
/// server; without ids it is given up and may count or not. One task at a time.
/// </summary>
internal sealed class CrashPublisher(
    string name, bool hasIds, int seed, CrashLedger ledger, CrashWatch watch, TimeProvider time)
{
    private const int UsersOfAnEra = 12;
    private const int BurstEvents = 300;
    private const int EventsOfARoundMax = 700;

    private readonly Random _random = new(seed);
    private CrashBatch? _unanswered;
    private CrashBatch? _last;
    private List<SourcePosition> _own = [];
    private int _number;
    private int _left;

    /// <summary>Publishes until the server is gone.</summary>
    /// <param name="client">A client of the server that runs now.</param>
    /// <param name="round">The number of the round: it names the users of now.</param>
    internal async Task RunAsync(ContextGridClient client, int round)
    {
        _left = EventsOfARoundMax;
        while (true)
        {
            await ledger.MayGoOn;
            await PublishAsync(client, round);

            // What a round publishes is bounded, so that many rounds stay small: then reads fill the time.
            if (_left <= 0 || _random.Next(4) == 0)
            {
                await ReadOwnWritesAsync(client);
            }
        }
    }

    /// <summary>Publishes once more what is unanswered, where ids make that harmless.</summary>
    internal async Task SettleAsync(ContextGridClient client)
    {
        if (hasIds && _unanswered is not null)
        {
            await SendAsync(client, _unanswered);
        }
    }

    private Task PublishAsync(ContextGridClient client, int round)
    {
        if (hasIds && _unanswered is not null)
        {
            return SendAsync(client, _unanswered);
        }

        if (hasIds && _last is not null && _random.Next(8) == 0)
        {
            return SendAsync(client, _last);
        }

        int count = _left <= 0 ? 1 : _random.Next(25) == 0 ? BurstEvents : _random.Next(1, 12);
        _left -= count;
        var items = new List<CrashItem>();
        for (int i = 0; i < count; i++)
        {
            items.Add(Next(round));
        }

        return SendAsync(client, new CrashBatch(hasIds ? CrashGrid.Payments : CrashGrid.Ticks, items));
    }

    private async Task SendAsync(ContextGridClient client, CrashBatch batch)
    {
        _unanswered = batch;
        PublishResult result = await client.PublishAsync(
            batch.Topic, batch.Events, new PublishOptions { Invalid = InvalidEvents.DeadLetter });
        ledger.Acknowledge(batch, result);
        _own = [.. result.Positions];
        _last = batch;
        _unanswered = null;
    }

    private async Task ReadOwnWritesAsync(ContextGridClient client)
    {
        EntityId[] entities =
        [
            .. (_last?.Items ?? []).Where(i => !i.IsPoison).TakeLast(3)
                .Select(i => new EntityId(CrashGrid.User, i.User)),
        ];
        if (entities.Length > 0)
        {
            List<SourcePosition> after = _own;
            ledger.Observe(
                await client.GetAsync(new ContextRequest { Entities = entities, MinPosition = after }), after);
        }
    }

    private CrashItem Next(int round)
    {
        int number = ++_number;
        if (_random.Next(150) == 0)
        {
            string poison = string.Create(
                CultureInfo.InvariantCulture, $$"""{"payment_id":"{{name}}-{{number}}","user_id":{{number}}.5}""");
            ledger.ExpectPoison(poison);
            return new CrashItem("", "", poison, IsPoison: true);
        }

        CrashItem? before = _last?.Items[0];
        bool isConflict = hasIds && before is { IsPoison: false } && _random.Next(40) == 0;
        string user = isConflict && before is not null ? before.User : User(round);
        string id = isConflict && before is not null
            ? before.Id
            : string.Create(CultureInfo.InvariantCulture, $"{name}-{number}");
        ledger.Expect(new EntityId(CrashGrid.User, user));
        return new CrashItem(id, user, hasIds ? Payment(id, user, round) : Tick(user, number), IsPoison: false);
    }

    private string User(int round) => _random.Next(10) == 0
        ? watch.Users[_random.Next(watch.Users.Count)]
        : string.Create(CultureInfo.InvariantCulture, $"u{round / 3}-{_random.Next(UsersOfAnEra)}");

    // Half of all payments are of one merchant, and a tenth is late.
    private string Payment(string id, string user, int round)
    {
        string merchant = _random.Next(2) == 0
            ? string.Create(CultureInfo.InvariantCulture, $"hot{round / 10}")
            : string.Create(CultureInfo.InvariantCulture, $"m{round / 3}-{_random.Next(4)}");
        ledger.Expect(new EntityId(CrashGrid.Merchant, merchant));
        long ageMs = _random.Next(10) == 0 ? _random.Next(50 * 60_000) : _random.Next(1_000);
        string amounts = string.Create(
            CultureInfo.InvariantCulture,
            $"\"amount\":{_random.Next(100_000) / 8.0},\"items\":{_random.Next(1, 9)}");
        string ok = _random.Next(3) > 0 ? "true" : "false";
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            {"payment_id":"{{id}}","user_id":"{{user}}","merchant":"{{merchant}}",{{amounts}},"ok":{{ok}},
            "ts":{{time.GetUtcNow().ToUnixTimeMilliseconds() - ageMs}}}
            """);
    }

    private string Tick(string user, int number) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"user_id":"{{user}}","n":{{(seed * 1_000_000L) + number}}}""");
}
