using System.Net;
using ContextGrid.Orleans.Operations;
using ContextGrid.Orleans.Replay;
using ContextGrid.Orleans.Storage;
using ContextGrid.Runtime.Embedded;
using Orleans.Hosting;

namespace ContextGrid.Orleans;

/// <summary>How a silo is set up.</summary>
public sealed record SiloOptions
{
    /// <summary>The definitions, the log, the store and the limits, as for a host without other silos; the same
    /// definitions, log and store on all silos. A log or a store that is not named is in the data directory, which
    /// then only this silo has.</summary>
    public required EmbeddedHostOptions Host { get; init; }

    /// <summary>Names that store to people, without secrets.</summary>
    public string StateName { get; init; } = "the store of --snapshots";

    /// <summary>Keeps the state of grains in blobs of their own; null: it is in the store, beside the shards.</summary>
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

    /// <summary>Grains that were not called for so long leave memory; default one minute.</summary>
    public TimeSpan IdleMax { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What replays may take.</summary>
    public ReplayOptions Replay { get; init; } = new();

    /// <summary>TLS between silos, which all of the cluster then have; null: none.</summary>
    public SiloTlsOptions? Tls { get; init; }

    /// <summary>Who may see the dashboard of Orleans; null: the silo has none.</summary>
    public DashboardAccess? Dashboard { get; init; }

    /// <summary>Where metrics and traces are sent; null: nowhere.</summary>
    public OtlpOptions? Otlp { get; init; }
}
