using System.Collections.Immutable;
using ContextGrid.Orleans.Ingestion;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Replay;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;

namespace ContextGrid.Orleans;

/// <summary>
/// One silo: grains of entities, this silo's share of the sources, and answers about all entities of the cluster. Owns
/// the log, and stops in order: partitions are handed over, then grains written, then the silo leaves.
/// </summary>
public sealed class SiloHost : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly PastReader _past;
    private readonly IEventLog _log;
    private bool _stopped;

    private SiloHost(IHost host, IEventLog log, SiloOptions options, TimeProvider time)
    {
        (_host, _log) = (host, log);
        Sources = host.Services.GetRequiredService<ClusterSources>();
        var grid = new OrleansGrid(
            host.Services.GetRequiredService<GridContext>(), host.Services.GetRequiredService<IGrainFactory>(),
            Sources);
        _past = new PastReader(log, grid.Plans, Sources.Progress, options.Decoders);
        (Grid, Reader) = (grid, new ContextReader(grid, _past, Sources.Progress, time));
    }

    /// <summary>The entities.</summary>
    public IContextGrid Grid { get; }

    /// <summary>Answers queries.</summary>
    public ContextReader Reader { get; }

    /// <summary>Every source partition of the cluster.</summary>
    public ImmutableArray<PartitionProgress> Progress => Sources.Progress;

    /// <summary>What is known of the sources.</summary>
    internal ClusterSources Sources { get; }

    /// <summary>The silo's services, for tests.</summary>
    internal IServiceProvider Services => _host.Services;

    /// <summary>Starts a silo, which joins the cluster.</summary>
    /// <exception cref="HostStartException">It can't start; the message is one line for people.</exception>
    public static async Task<SiloHost> StartAsync(
        SiloOptions options, TimeProvider time, Action<ILoggingBuilder> logging, CancellationToken cancellationToken)
    {
        IEventLog log = await options.Log(cancellationToken);
        IHost? host = null;
        try
        {
            ImmutableArray<TopicPartition> partitions = await SiloSetup.PartitionsAsync(
                log, options, cancellationToken);
            host = SiloSetup.Build(options, log, partitions, time, logging);
            var silo = new SiloHost(host, log, options, time);
            await host.StartAsync(cancellationToken);
            return silo;
        }
        catch (Exception e)
        {
            host?.Dispose();
            await log.DisposeAsync();
            throw HostStart.IsReason(e) ? new HostStartException(e.Message.ReplaceLineEndings(" "), e) : e;
        }
    }

    /// <summary>Leaves without a word to anybody, as a process that is killed; for tests.</summary>
    internal async Task CrashAsync()
    {
        _stopped = true;
        _host.Services.GetRequiredService<GridContext>().IsCrashed = true;
        await _host.StopAsync(new CancellationToken(canceled: true));
        _past.Dispose();
    }

    /// <summary>Hands the partitions over, writes the entities, and leaves the cluster.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
        _past.Dispose();
        await _log.DisposeAsync();
    }
}
