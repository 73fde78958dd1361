using ContextGrid.Runtime.Topology;
using Microsoft.Extensions.DependencyInjection;

namespace ContextGrid.Orleans.Tests.Topology;

/// <summary>What tests ask of the members.</summary>
internal static class MembershipCases
{
    internal static IMembershipView View(SiloHost silo) => silo.Services.GetRequiredService<IMembershipView>();

    /// <summary>Waits until a silo says of an address that it is dead.</summary>
    internal static Task UntilDeadAsync(SiloHost silo, string address) => UntilAsync(
        silo, v => v.IsDead(address), $"{address} is not dead for {silo.Address}.");

    /// <summary>Waits until the members of a silo are so.</summary>
    internal static async Task UntilAsync(SiloHost silo, Func<IMembershipView, bool> holds, string otherwise)
    {
        IMembershipView view = View(silo);
        var changed = new SemaphoreSlim(0);
        view.OnChange(() => changed.Release());
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        while (!holds(view))
        {
            Assert.True(await changed.WaitAsync(ClusterFixture.Limit), otherwise);
        }
    }
}
