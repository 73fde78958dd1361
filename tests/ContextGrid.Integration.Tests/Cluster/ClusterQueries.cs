using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Integration.Tests.Faults.Crashes;

namespace ContextGrid.Integration.Tests.Cluster;

/// <summary>
/// A model server as it is meant to be: asks some silo all the time, and, when a call fails by its status, another one.
/// </summary>
/// <param name="slots">The silos.</param>
/// <param name="ledger">Knows the entities.</param>
internal sealed class ClusterQueries(List<SiloSlot> slots, CrashLedger ledger)
{
    private const int AttemptsMax = 3;
    private const int EntitiesOfACall = 20;

    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private long _calls;
    private long _retried;
    private long _partial;

    /// <summary>Why calls failed at each silo that was tried.</summary>
    internal List<string> Failures { get; } = [];

    /// <summary>Asks until it is told to stop.</summary>
    internal async Task RunAsync(CancellationToken stop)
    {
        for (int turn = 0; !stop.IsCancellationRequested; turn++)
        {
            await AskAsync(turn);
            await Task.Delay(Rest, CancellationToken.None);
        }
    }

    public override string ToString() =>
        $"{_calls} queries, {_retried} tried again elsewhere, {_partial} lacked entities, {Failures.Count} failed";

    private async Task AskAsync(int turn)
    {
        EntityId[] entities = [.. ledger.Entities.TakeLast(EntitiesOfACall)];
        if (entities.Length == 0)
        {
            return;
        }

        _calls++;
        string why = "";
        for (int attempt = 0; attempt < AttemptsMax; attempt++)
        {
            try
            {
                if (await AskAsync(turn + attempt, entities) is { } result)
                {
                    _partial += result.Entities.Any(e => e.Degraded.Count > 0) ? 1 : 0;
                    _retried += attempt > 0 ? 1 : 0;
                    return;
                }
            }
            catch (ContextGridException e)
            {
                why += $"{e.StatusCode}: {e.Message}; ";
            }

            await Task.Delay(Pause, CancellationToken.None);
        }

        Failures.Add(why);
    }

    private async Task<ContextResult?> AskAsync(int turn, EntityId[] entities)
    {
        SiloSlot[] reachable = [.. slots.Where(s => s.IsReachable)];
        if (reachable.Length == 0 || reachable[turn % reachable.Length].Server is not { } server)
        {
            return null;
        }

        using ContextGridClient client = GridFolder.Connect(server);
        return await client.GetAsync(new ContextRequest { Entities = entities });
    }
}
