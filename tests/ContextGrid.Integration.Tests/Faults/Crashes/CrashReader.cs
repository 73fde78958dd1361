using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Faults.Crashes;

/// <summary>
/// A consumer: after each start it asks for a sample of all entities with everything that was acknowledged, then for
/// some entities at a time, with and without minimum positions. One task at a time.
/// </summary>
internal sealed class CrashReader(int seed, CrashLedger ledger)
{
    private const int SampleOfAStart = 15;

    private readonly Random _random = new(seed);

    /// <summary>Reads until the server is gone.</summary>
    internal async Task RunAsync(ContextGridClient client)
    {
        // From the first answer on the server says what it has not applied yet.
        await ReadAsync(client, 3, after: []);
        await ReadAsync(client, SampleOfAStart, ledger.Positions);
        while (true)
        {
            await ledger.MayGoOn;
            IReadOnlyList<SourcePosition> after = _random.Next(3) == 0 ? ledger.Positions : [];
            await ReadAsync(client, _random.Next(1, 6), after);
        }
    }

    private async Task ReadAsync(ContextGridClient client, int count, IReadOnlyList<SourcePosition> after)
    {
        IReadOnlyList<EntityId> known = ledger.Entities;
        var entities = new HashSet<EntityId>();
        for (int i = 0; i < count; i++)
        {
            // Most reads are of what changes now.
            int among = _random.Next(3) == 0 ? known.Count : Math.Min(known.Count, 30);
            entities.Add(known.Count == 0
                ? new EntityId(CrashGrid.User, "nobody")
                : known[known.Count - 1 - _random.Next(among)]);
        }

        var request = new ContextRequest { Entities = [.. entities], MinPosition = after };
        ledger.Observe(await client.GetAsync(request), after);
    }
}
