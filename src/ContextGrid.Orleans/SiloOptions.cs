using System.Net;
using ContextGrid.Core.Definitions;
using ContextGrid.Orleans.Operations;
using ContextGrid.Orleans.Replay;
using ContextGrid.Orleans.Storage;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Ingestion;
using Orleans.Hosting;

namespace ContextGrid.Orleans;

/// <summary>How a silo is set up.</summary>
public sealed record SiloOptions
{
    /// <summary>The definitions; the same on all silos.</summary>
    public required DefinitionSet Definitions { get; init; }

    /// <summary>Opens the log, which the silo then owns.</summary>
    public required Func<CancellationToken, ValueTask<IEventLog>> Log { get; init; }

    /// <summary>The directory of a log of files, which the silo then owns; null: the log is elsewhere.</summary>
    public IDisposable? Directory { get; init; }

    /// <summary>Opens the store of all state; all silos have the same one.</summary>
    public required Func<CancellationToken, ValueTask<ISnapshotStore>> Snapshots { get; init; }

    /// <summary>Names that store to people, without secrets.</summary>
    public string StateName { get; init; } = "the store of --snapshots";

    /// <summary>Keeps the state of grains in blobs of their own; null: it is in <see cref="Snapshots"/> too, which else
    /// only has what replays rebuild.</summary>
    public BlobPerGrain? Blobs { get; init; }

    /// <summary>Redis, which knows the members, as <c>host:port</c>; null: the one at <see cref="Primary"/> knows them,
    /// for development.</summary>
    public string? Redis { get; init; }

    /// <summary>Azure Table storage, which knows the members where there is no Redis, as the account's connection
    /// string; null: as for <see cref="Redis"/>.</summary>
    public string? Tables { get; init; }

    /// <summary>The first silo's address, where neither knows the members; null: this silo is it.</summary>
    public IPEndPoint? Primary { get; init; }

    /// <summary>Chooses who knows the members in another way; null: as said above.</summary>
    public Action<ISiloBuilder>? Membership { get; init; }

    /// <summary>Names the cluster; silos of different names do not meet.</summary>
    public string Cluster { get; init; } = "contextgrid";

    /// <summary>Where this silo listens for others.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The port for other silos; 0: any free one.</summary>
    public int Port { get; init; } = 11111;

    /// <summary>Where it listens when others reach it by another address, as behind a proxy; null: at that.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>The time between commits, default 5 seconds: what is read again after a crash is the events of so long
    /// (I9).</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Entities that were not asked for so long leave memory; default 15 minutes.</summary>
    public TimeSpan IdleMax { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Makes the decoders of events.</summary>
    public EventDecoderFactory Decoders { get; init; } = PlainDecoders.Create;

    /// <summary>What replays may take.</summary>
    public ReplayOptions Replay { get; init; } = new();

    /// <summary>TLS between silos, which all of the cluster then have; null: none.</summary>
    public SiloTlsOptions? Tls { get; init; }

    /// <summary>Who may see the dashboard of Orleans; null: the silo has none.</summary>
    public DashboardAccess? Dashboard { get; init; }

    /// <summary>Where metrics and traces are sent; null: nowhere.</summary>
    public OtlpOptions? Otlp { get; init; }

    /// <summary>The counters.</summary>
    public GridMetrics Metrics { get; init; } = new();
}
