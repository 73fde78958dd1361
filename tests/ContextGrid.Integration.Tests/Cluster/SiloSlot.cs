using System.Globalization;
using System.Text.Json;
using ContextGrid.Client;

namespace ContextGrid.Integration.Tests.Cluster;

/// <summary>A place for a silo: its ports, its ways through the proxy, and the process that runs there.</summary>
internal sealed class SiloSlot : IAsyncDisposable
{
    private readonly GridFolder _grid;
    private readonly ToxicRoute _silo;
    private readonly int _listen;

    private SiloSlot(GridFolder grid, ToxicRoute silo, int listen) => (_grid, _silo, _listen) = (grid, silo, listen);

    /// <summary>The process; null: none runs.</summary>
    internal ServerProcess? Server { get; private set; }

    /// <summary>Whether it can be asked: it runs, and is neither paused nor cut off.</summary>
    internal bool IsReachable { get; private set; }

    private string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_silo.Port}");

    internal static async Task<SiloSlot> MakeAsync(GridFolder grid, ClusterParts parts)
    {
        int listen = PartProcess.FreePort();
        return new SiloSlot(grid, await parts.Proxy.RouteAsync(listen), listen);
    }

    /// <summary>Starts a silo and waits until it has caught up.</summary>
    internal async Task StartAsync(string[] shared)
    {
        Server = await _grid.StartAsync(
        [
            .. shared, "--silo", Address, "--silo-listen", $"127.0.0.1:{_listen}",
        ]);
        await Server.WaitUntilReadyAsync(TimeSpan.FromMinutes(1));
        IsReachable = true;
    }

    /// <summary>A process that has ended leaves the slot.</summary>
    internal async Task<string> ClearAsync()
    {
        IsReachable = false;
        string output = Server?.Output ?? "";
        await (Server?.DisposeAsync() ?? default);
        Server = null;
        return output;
    }

    /// <summary>Kills the process.</summary>
    internal async Task KillAsync()
    {
        IsReachable = false;
        await Server!.KillAsync();
        await ClearAsync();
    }

    /// <summary>Stops the process in order.</summary>
    /// <returns>What it has written.</returns>
    internal async Task<string> TerminateAsync()
    {
        IsReachable = false;
        int code = await Server!.TerminateAsync(TimeSpan.FromSeconds(30));
        Assert.True(code == 0, $"exit code {code}:\n{Server.Output}");
        return await ClearAsync();
    }

    /// <summary>Makes the process stand still.</summary>
    internal void Pause()
    {
        IsReachable = false;
        Server!.Signal("STOP");
    }

    /// <summary>Lets it go on, and waits until it has found out that it is none of the members any more.</summary>
    internal async Task ResumeAsync()
    {
        Server!.Signal("CONT");
        await EndsByItselfAsync();
    }

    /// <summary>Others can't reach the silo any more, or can again; it may still reach them.</summary>
    internal Task CutAsync(bool isCut) => _silo.EnableAsync(!isCut);

    /// <summary>Whether another slot's silo says of this one that it is dead.</summary>
    internal async Task<bool> IsDeadForAsync(SiloSlot other)
    {
        using var http = new HttpClient { BaseAddress = other.Server!.Http };
        using JsonDocument status = JsonDocument.Parse(await http.GetStringAsync("/admin/v1/status"));
        return status.RootElement.GetProperty("silos").EnumerateArray()
            .Where(s => s.GetProperty("address").GetString()!.StartsWith(Address + "@", StringComparison.Ordinal))
            .All(s => s.GetProperty("status").GetString() == "Dead");
    }

    /// <summary>Waits until the silo has found out that it is none of the members any more.</summary>
    internal async Task EndsByItselfAsync()
    {
        int code = await Server!.WaitForExitAsync(TimeSpan.FromSeconds(60));
        string output = await ClearAsync();
        Assert.True(code == 1 && output.Contains("can't go on", StringComparison.Ordinal), $"code {code}:\n{output}");
    }

    public async ValueTask DisposeAsync() => await (Server?.DisposeAsync() ?? default);
}
