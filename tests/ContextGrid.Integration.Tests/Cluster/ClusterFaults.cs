namespace ContextGrid.Integration.Tests.Cluster;

/// <summary>Does something to a cluster, and repairs it.</summary>
/// <param name="slots">Places of silos; three run.</param>
/// <param name="shared">The silos' arguments.</param>
/// <param name="parts">What silos share.</param>
/// <param name="random">Chooses silos.</param>
/// <param name="answers">Waits until all reachable silos answer, and notes how long that took after what.</param>
internal sealed class ClusterFaults(
    List<SiloSlot> slots, string[] shared, ClusterParts parts, Random random, Func<string, Task> answers)
{
    private static readonly TimeSpan DeadMax = TimeSpan.FromMinutes(1);

    private SiloSlot[] Running => [.. slots.Where(s => s.Server is not null)];

    internal Task RunAsync(ClusterFault fault) => fault switch
    {
        ClusterFault.Kill => KillAsync(),
        ClusterFault.KillAll => KillAllAsync(),
        ClusterFault.Pause => PauseAsync(),
        ClusterFault.Split => SplitAsync(),
        ClusterFault.StateAway => StateAwayAsync(),
        ClusterFault.MembersRestart => MembersRestartAsync(),
        ClusterFault.Resize => ResizeAsync(),
        _ => RollAsync(),
    };

    private SiloSlot Any() => Running[random.Next(Running.Length)];

    private async Task KillAsync()
    {
        SiloSlot slot = Any();
        await slot.KillAsync();
        await answers("a silo killed");
        await slot.StartAsync(shared);
        await answers("a silo started");
    }

    private async Task KillAllAsync()
    {
        SiloSlot[] all = Running;
        await Task.WhenAll(all.Select(s => s.KillAsync()));
        await Task.WhenAll(all.Select(s => s.StartAsync(shared)));
        await answers("all silos killed and started");
    }

    private async Task PauseAsync()
    {
        SiloSlot slot = Any();
        slot.Pause();
        await answers("a silo paused");
        await DeadAsync(slot);
        await slot.ResumeAsync();
        await slot.StartAsync(shared);
        await answers("a silo started");
    }

    // A silo that the others have declared dead meanwhile ends by itself.
    private async Task SplitAsync()
    {
        SiloSlot[] all = Running;
        await Task.WhenAll(all.Select(s => s.CutAsync(isCut: true)));
        await Task.Delay(TimeSpan.FromSeconds(random.Next(3, 12)));
        await Task.WhenAll(all.Select(s => s.CutAsync(isCut: false)));
        await answers("no silo reached another one");
        foreach (SiloSlot ended in all.Where(s => s.Server!.HasExited))
        {
            await ended.EndsByItselfAsync();
            await ended.StartAsync(shared);
        }

        await answers("all silos reached each other");
    }

    private async Task StateAwayAsync()
    {
        await parts.StateRoute.EnableAsync(false);
        await Task.Delay(TimeSpan.FromSeconds(random.Next(2, 8)));
        await parts.StateRoute.EnableAsync(true);
        await answers("the store of the state was away");
    }

    private async Task MembersRestartAsync()
    {
        await parts.Members.StopAsync();
        await answers("Redis stopped");
        if (random.Next(2) == 0)
        {
            SiloSlot slot = Any();
            await slot.TerminateAsync();
            await parts.Members.StartAgainAsync();
            await slot.StartAsync(shared);
        }
        else
        {
            await parts.Members.StartAgainAsync();
        }

        await answers("Redis started");
    }

    private async Task ResizeAsync()
    {
        SiloSlot fourth = slots.First(s => s.Server is null);
        SiloSlot[] leave = [.. Running.OrderBy(_ => random.Next()).Take(2)];
        await fourth.StartAsync(shared);
        await answers("a fourth silo started");
        await leave[0].TerminateAsync();
        await leave[1].TerminateAsync();
        await answers("two silos stopped in order");
        await leave[0].StartAsync(shared);
        await answers("a silo started");
    }

    private async Task RollAsync()
    {
        foreach (SiloSlot slot in Running)
        {
            await slot.TerminateAsync();
            await answers("a silo stopped in order");
            await slot.StartAsync(shared);
            await answers("a silo started");
        }
    }

    private async Task DeadAsync(SiloSlot slot)
    {
        foreach (SiloSlot other in slots.Where(s => s.IsReachable))
        {
            await other.Server!.WaitUntilAsync("aware of the loss", DeadMax, () => slot.IsDeadForAsync(other));
        }
    }
}
