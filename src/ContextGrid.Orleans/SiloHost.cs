using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using ContextGrid.Core.Definitions;
using ContextGrid.Orleans.Replay;
using ContextGrid.Orleans.Topology;
using ContextGrid.Runtime.Backups;
using ContextGrid.Runtime.DeadLetters;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Topology;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace ContextGrid.Orleans;

/// <summary>
/// One silo: a host whose shards are shared with the other silos of the cluster. Orleans says which silos there are and
/// carries messages between them; everything else is the host's. Stops in order: shards are handed over, then the silo
/// leaves.
/// </summary>
public sealed class SiloHost : IGridHost
{
    private readonly IHost _host;
    private readonly EmbeddedHost _grid;
    private readonly SiloReadiness _readiness;
    private readonly TimeProvider _time;
    private bool _stopped;

    private SiloHost(IHost host, EmbeddedHost grid, TimeProvider time)
    {
        (_host, _grid, _time) = (host, grid, time);
        Address = host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        _readiness = new SiloReadiness(grid);
        Members = host.Services.GetRequiredService<IClusterMembershipService>();
        Failed = FirstFailureAsync(host.Services.GetRequiredService<SiloFailure>().Failed, grid.Failed);
    }

    /// <inheritdoc/>
    public DefinitionSet Definitions => _grid.Definitions;

    /// <inheritdoc/>
    public IContextGrid Grid => _grid.Topology.Grid;

    /// <inheritdoc/>
    public GridMetrics Metrics => _grid.Metrics;

    /// <inheritdoc/>
    public ContextReader Reader => _grid.Reader;

    /// <inheritdoc/>
    public EventPublisher Publisher => _grid.Publisher;

    /// <inheritdoc/>
    public DeadLetterService DeadLetters => _grid.DeadLetters;

    /// <inheritdoc/>
    public GridBackup? Backup => _grid.Backup;

    /// <summary>Rebuilds entities from the log.</summary>
    public Replays Replays => _host.Services.GetRequiredService<Replays>();

    IGridReplays? IGridHost.Replays => Replays;

    /// <summary>Every source partition, as far as this silo's shards have applied it.</summary>
    public ImmutableArray<PartitionProgress> Progress => _grid.Progress;

    /// <inheritdoc/>
    public Task Failed { get; }

    /// <inheritdoc/>
    public HostState State => SiloStates.Of(this);

    /// <summary>What Orleans measures of this silo.</summary>
    public Meter OrleansMeter => Services.GetRequiredService<OrleansInstruments>().Meter;

    /// <summary>The silo's address.</summary>
    internal SiloAddress Address { get; }

    /// <summary>The silos of the cluster.</summary>
    internal IClusterMembershipService Members { get; }

    /// <summary>The shards of this silo.</summary>
    internal EmbeddedHost Shards => _grid;

    /// <summary>What the silo's grains share.</summary>
    internal GridContext Context => Services.GetRequiredService<GridContext>();

    /// <summary>The silo's services.</summary>
    internal IServiceProvider Services => _host.Services;

    /// <summary>Starts a silo, which joins the cluster.</summary>
    /// <exception cref="HostStartException">It can't start; the message is one line for people.</exception>
    public static async Task<SiloHost> StartAsync(
        SiloOptions options, TimeProvider time, Action<ILoggingBuilder> logging, CancellationToken cancellationToken)
    {
        DataDirectory? directory = null;
        IHost? host = null;
        EmbeddedHost? grid = null;
        try
        {
            using (ILoggerFactory loggers = LoggerFactory.Create(logging))
            {
                await MembersWait.WaitAsync(options, time, loggers.CreateLogger<SiloHost>(), cancellationToken);
            }

            SiloSetup.Check(options);
            directory = options.Host.Log is null || options.Host.Snapshots is null
                ? DataDirectory.Open(options.Host.DataDirectory)
                : null;
            host = SiloSetup.Build(options, directory, time, logging);
            await host.StartAsync(cancellationToken);
            grid = await StartGridAsync(options, directory, host.Services, time, cancellationToken);
            return new SiloHost(host, grid, time);
        }
        catch (Exception e)
        {
            await (grid?.DisposeAsync() ?? default);
            await (host is null ? Task.CompletedTask : AbandonAsync(host));
            directory?.Dispose();
            throw SiloSetup.IsReason(e) ? new HostStartException(SiloSetup.Explain(e), e) : e;
        }
    }

    /// <inheritdoc/>
    public string? WhyNotReady(long nowMs) => _stopped ? "stopping" : _readiness.WhyNot(nowMs);

    /// <summary>Leaves without a word to anybody, as a process that is killed; for tests.</summary>
    internal async Task CrashAsync()
    {
        _stopped = true;
        Context.IsCrashed = true;
        await _grid.AbandonAsync();
        await _host.StopAsync(new CancellationToken(canceled: true));
    }

    /// <summary>Hands the shards over, and leaves the cluster.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;

        // Whoever waits for a list of members that can't be reached is left behind; the silo is then found to be dead.
        Task stop = StopAsync();
        TimeSpan most = Failed.IsFaulted ? SiloSetup.FailedStopMax : SiloSetup.StopMax + TimeSpan.FromSeconds(2);
        await await Task.WhenAny(stop, Task.Delay(most, _time));
        await _grid.DisposeAsync();
    }

    private static async Task<EmbeddedHost> StartGridAsync(
        SiloOptions options,
        DataDirectory? directory,
        IServiceProvider services,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        EmbeddedHost grid = await EmbeddedHost.StartAsync(
            options.Host with
            {
                DataDirectory = "",
                Directory = directory,
                Cluster = new SharedShards
                {
                    Transport = services.GetRequiredService<IShardTransport>(),
                    Members = services.GetRequiredService<IMembershipView>(),
                    Receive = receiver => services.GetRequiredService<ShardInbox>().Receiver = receiver,
                },
            },
            time,
            services.GetRequiredService<ILoggerFactory>(),
            cancellationToken);
        services.GetRequiredService<SiloGrid>().Host = grid;
        return grid;
    }

    // Orleans stops no silo that did not start, and what has begun of one would go round without end on what is
    // disposed. So its stages are ended; after that, to dispose of it would wait for a stop that never comes.
    private static Task AbandonAsync(IHost host) =>
        host.Services.GetRequiredService<ISiloLifecycleSubject>().OnStop(new CancellationToken(canceled: true));

    private static async Task FirstFailureAsync(Task a, Task b)
    {
        await await Task.WhenAny(a, b);
        await a;
    }

    private async Task StopAsync()
    {
        // A silo that is declared dead has nothing to hand over: others have it.
        await _host.StopAsync(new CancellationToken(canceled: Failed.IsFaulted));
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
