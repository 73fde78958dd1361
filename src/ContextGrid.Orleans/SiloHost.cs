using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using ContextGrid.Core.Definitions;
using ContextGrid.Orleans.Following;
using ContextGrid.Orleans.Ingestion;
using ContextGrid.Orleans.Replay;
using ContextGrid.Orleans.Topology;
using ContextGrid.Runtime.Backups;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.DeadLetters;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Replay;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace ContextGrid.Orleans;

/// <summary>
/// One silo: grains of entities, this silo's share of the sources, and answers about all entities of the cluster. Owns
/// the log, and stops in order: partitions are handed over, then grains written, then the silo leaves.
/// </summary>
public sealed class SiloHost : IGridHost
{
    private readonly IHost _host;
    private readonly PastReader _past;
    private readonly IEventLog _log;
    private readonly SiloReadiness _readiness;
    private readonly SiloFailure _failure;
    private readonly SiloOptions _options;
    private readonly TimeProvider _time;
    private bool _stopped;

    private SiloHost(IHost host, IEventLog log, SiloOptions options, TimeProvider time)
    {
        (_host, _log, _options, _time) = (host, log, options, time);
        IServiceProvider services = host.Services;
        (View, Context) = (services.GetRequiredService<ClusterView>(), services.GetRequiredService<GridContext>());
        Address = services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        Context.Silo = Address.GetConsistentHashCode();
        _failure = services.GetRequiredService<SiloFailure>();
        Sources = services.GetRequiredService<ClusterSources>();
        Grid = new OrleansGrid(
            Context, services.GetRequiredService<IGrainFactory>(), Sources,
            services.GetRequiredService<ClusterFollowers>(), time);
        _past = new PastReader(log, Grid.Plans, Progress, options.Decoders);
        Reader = new ContextReader(Grid, _past, Progress, time);
        _readiness = ActivatorUtilities.CreateInstance<SiloReadiness>(services);
        IDeadLetterSink letters = services.GetRequiredService<IngestionParts>().DeadLetters;
        var validator = new EventValidator(Definitions, options.Decoders);
        Publisher = new EventPublisher(log, letters, validator, Metrics, new IdVerdicts([], time), time);

        // What became of a retried record is known where its partition is read: here it is said to be in the log.
        DeadLetters = new DeadLetterService(
            log, validator, [], new IdVerdicts([], time), Address.ToString(), Metrics.Meter, time);
    }

    /// <inheritdoc/>
    public DefinitionSet Definitions => _options.Definitions;

    /// <inheritdoc/>
    public IContextGrid Grid { get; }

    /// <inheritdoc/>
    public GridMetrics Metrics => _options.Metrics;

    /// <inheritdoc/>
    public ContextReader Reader { get; }

    /// <inheritdoc/>
    public EventPublisher Publisher { get; }

    /// <inheritdoc/>
    public DeadLetterService DeadLetters { get; }

    /// <summary>None: the data is in the log and in the store of all silos.</summary>
    public GridBackup? Backup => null;

    /// <summary>Rebuilds entities from the log.</summary>
    public Replays Replays => _host.Services.GetRequiredService<Replays>();

    IGridReplays? IGridHost.Replays => Replays;

    /// <summary>Every source partition of the cluster.</summary>
    public ImmutableArray<PartitionProgress> Progress => Sources.Progress;

    /// <inheritdoc/>
    public Task Failed => _failure.Failed;

    /// <inheritdoc/>
    public HostState State => SiloStates.Of(this);

    /// <summary>What Orleans measures of this silo.</summary>
    public Meter OrleansMeter => Services.GetRequiredService<OrleansInstruments>().Meter;

    /// <summary>The silo's address.</summary>
    internal SiloAddress Address { get; }

    /// <summary>The cluster's members.</summary>
    internal ClusterView View { get; }

    /// <summary>What the silo's grains share.</summary>
    internal GridContext Context { get; }

    /// <summary>What is known of the sources.</summary>
    internal ClusterSources Sources { get; }

    /// <summary>Where the events are.</summary>
    internal IEventLog Log => _log;

    /// <summary>The silo's services.</summary>
    internal IServiceProvider Services => _host.Services;

    /// <summary>Starts a silo, which joins the cluster.</summary>
    /// <exception cref="HostStartException">It can't start; the message is one line for people.</exception>
    public static async Task<SiloHost> StartAsync(
        SiloOptions options, TimeProvider time, Action<ILoggingBuilder> logging, CancellationToken cancellationToken)
    {
        IEventLog? log = null;
        IHost? host = null;
        try
        {
            using (ILoggerFactory loggers = LoggerFactory.Create(logging))
            {
                await MembersWait.WaitAsync(options, time, loggers.CreateLogger<SiloHost>(), cancellationToken);
            }

            log = await options.Log(cancellationToken);
            ImmutableArray<TopicPartition> partitions = await SiloSetup.PartitionsAsync(
                log, options, cancellationToken);
            host = SiloSetup.Build(options, log, partitions, time, logging);
            var silo = new SiloHost(host, log, options, time);
            await log.CreateMissingAsync(cancellationToken);
            await host.StartAsync(cancellationToken);
            return silo;
        }
        catch (Exception e)
        {
            await (host is null ? Task.CompletedTask : AbandonAsync(host));
            await (log?.DisposeAsync() ?? default);
            options.Directory?.Dispose();
            throw SiloSetup.IsReason(e) ? new HostStartException(SiloSetup.Explain(e), e) : e;
        }
    }

    // Orleans stops no silo that did not start, and what has begun of one would go round without end on what is
    // disposed. So its stages are ended; after that, to dispose of it would wait for a stop that never comes.
    private static Task AbandonAsync(IHost host) =>
        host.Services.GetRequiredService<ISiloLifecycleSubject>().OnStop(new CancellationToken(canceled: true));

    /// <inheritdoc/>
    public string? WhyNotReady(long nowMs) => _stopped ? "stopping" : _readiness.WhyNot(nowMs) ?? _log.Incomplete;

    private async Task StopAsync()
    {
        // A silo that is declared dead has nothing to hand over: others have it.
        await _host.StopAsync(new CancellationToken(canceled: Failed.IsFaulted));
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    /// <summary>Leaves without a word to anybody, as a process that is killed; for tests.</summary>
    internal async Task CrashAsync()
    {
        _stopped = true;
        Context.IsCrashed = true;
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

        // Whoever waits for a list of members that can't be reached is left behind; the silo is then found to be dead.
        Task stop = StopAsync();
        TimeSpan most = Failed.IsFaulted ? SiloSetup.FailedStopMax : SiloSetup.StopMax + TimeSpan.FromSeconds(2);
        await await Task.WhenAny(stop, Task.Delay(most, _time));
        _past.Dispose();
        await _log.DisposeAsync();
        _options.Directory?.Dispose();
        Metrics.Dispose();
    }
}
