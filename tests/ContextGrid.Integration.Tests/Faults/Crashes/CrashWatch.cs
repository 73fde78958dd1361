using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Faults.Crashes;

/// <summary>
/// Watches some users through all kills: each new server is given the resume token that the last one has sent. What
/// was shown never goes back, and in the end everything was shown. One task at a time.
/// </summary>
internal sealed class CrashWatch(CrashLedger ledger)
{
    private readonly Dictionary<(string User, string Topic, int Partition), long> _shown = [];
    private ReadOnlyMemory<byte> _token;

    /// <summary>The watched users.</summary>
    internal IReadOnlyList<string> Users { get; } = [.. Enumerable.Range(0, 6).Select(i => $"watched{i}")];

    /// <summary>Whether values may go back while they say that they are being rebuilt.</summary>
    internal bool MayRebuild { get; set; }

    internal long Changes { get; private set; }

    /// <summary>Sentences about what was shown and should not have been.</summary>
    internal List<string> Violations { get; } = [];

    /// <summary>Watches until the server is gone.</summary>
    internal async Task RunAsync(ContextGridClient client)
    {
        await foreach (ContextChange change in client.WatchAsync(Request()))
        {
            Take(change);
        }
    }

    /// <summary>Goes on until every user was shown with all positions that the log has for it.</summary>
    internal async Task CatchUpAsync(ContextGridClient client, CrashTruth truth)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await foreach (ContextChange change in client.WatchAsync(Request(), limit.Token))
            {
                Take(change);
                if (!Missing(truth).Any())
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            Violations.AddRange(Missing(truth));
        }
    }

    private WatchRequest Request() => new()
    {
        Entities = [.. Users.Select(u => new EntityId(CrashGrid.User, u))],
        MinInterval = TimeSpan.FromMilliseconds(20),
        ResumeToken = _token,
    };

    private void Take(ContextChange change)
    {
        Changes++;
        ledger.Observe(change.Context, []);
        foreach (EntityResult entity in change.Context.Entities)
        {
            if (MayRebuild && entity[0].Status == FeatureStatus.Rebuilding)
            {
                continue;
            }

            foreach (SourcePosition p in entity.Positions)
            {
                (string, string, int) place = (entity.Id.Key, p.Topic, p.Partition);
                long before = _shown.GetValueOrDefault(place, -1);
                if (p.Offset < before)
                {
                    Violations.Add($"the watch showed {entity.Id} at {before} and later at {p}, {entity[0].Status}");
                }

                _shown[place] = p.Offset;
            }
        }

        _token = change.ResumeToken;
    }

    private IEnumerable<string> Missing(CrashTruth truth) =>
        from user in Users
        from e in truth.EventsOf(new EntityId(CrashGrid.User, user))
        let shown = _shown.GetValueOrDefault((user, e.Topic, e.Partition), -1)
        where e.Offset > shown
        select $"the watch never showed {user} at {e.Topic}/{e.Partition} {e.Offset}, only {shown}";
}
