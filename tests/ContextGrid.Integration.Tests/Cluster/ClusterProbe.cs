using System.Diagnostics;
using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Integration.Tests.Faults.Crashes;

namespace ContextGrid.Integration.Tests.Cluster;

/// <summary>Finds out whether a cluster answers whole. One task at a time.</summary>
/// <param name="slots">The silos.</param>
/// <param name="ledger">Knows the entities, and is told what was answered.</param>
/// <param name="report">Is told how long it took.</param>
internal sealed class ClusterProbe(List<SiloSlot> slots, CrashLedger ledger, ClusterReport report)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private long _number;

    /// <summary>Waits until every reachable silo takes an event, and all answer with it, and with every known entity
    /// whole.</summary>
    internal async Task AnswersAsync(string what)
    {
        long started = Stopwatch.GetTimestamp();
        foreach (SiloSlot slot in slots.Where(s => s.IsReachable).ToArray())
        {
            using ContextGridClient client = GridFolder.Connect(slot.Server!);
            await slot.Server!.WaitUntilAsync(
                "answering", Patience, async () => slot.Server.HasExited || await IsWholeAsync(client));
        }

        report.Note(what, Stopwatch.GetElapsedTime(started));
    }

    private async Task<bool> IsWholeAsync(ContextGridClient client)
    {
        string user = string.Create(CultureInfo.InvariantCulture, $"probe{-_number % 20}");
        ledger.Expect(new EntityId(CrashGrid.User, user));
        try
        {
            PublishResult told = await client.PublishAsync(CrashGrid.Ticks, [string.Create(
                CultureInfo.InvariantCulture, $$"""{"user_id":"{{user}}","n":{{--_number}}}""")]);
            IReadOnlyList<EntityId> known = ledger.Entities;
            ContextResult result = await client.GetAsync(new ContextRequest
            {
                Entities = [.. known.Skip(Math.Max(0, known.Count - 200)).Distinct()], MinPosition = told.Positions,
            });
            ledger.Observe(result, told.Positions);
            return result.Entities.All(e => e[0].Status != FeatureStatus.Rebuilding);
        }
        catch (ContextGridException)
        {
            return false;
        }
    }
}
