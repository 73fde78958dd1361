using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;
using ContextGrid.Runtime.Topology;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Embedded;

/// <summary>Puts a host's topology together: the one place that knows whether there are other processes.</summary>
internal sealed class HostShards
{
    private readonly EmbeddedHostOptions _options;
    private readonly HostStores _stores;
    private readonly ShardEngine _engine;
    private readonly ShardOpening _opening;
    private readonly HostIngestion _ingestion;
    private readonly ILogger _logger;
    private readonly ClusterTopology? _shared;

    internal HostShards(
        EmbeddedHostOptions options,
        HostStores stores,
        ShardEngine engine,
        ShardOpening opening,
        HostIngestion ingestion,
        IContextGrid around,
        TimeProvider time,
        ILogger logger)
    {
        (_options, _stores, _engine, _opening, _ingestion, _logger) =
            (options, stores, engine, opening, ingestion, logger);
        Grid = around;
        if (options.Cluster is { } cluster)
        {
            _shared = new ClusterTopology(
                options.Definitions,
                engine,
                cluster.Transport,
                ShardRoutes.Of(stores.Checkpoints.Ownership, stores.Checkpoints.Current.Lineage),
                time);
            Grid = _shared;
            cluster.Receive(_shared);
        }
    }

    /// <summary>The entities of all shards.</summary>
    internal IContextGrid Grid { get; }

    /// <summary>The topology.</summary>
    internal ITopology TopologyOf(Checkpointer checkpointer)
    {
        var behind = new BehindReaders(_engine, _ingestion.BehindReaderOf);
        if (_options.Cluster is not { } cluster || _shared is null)
        {
            return new LocalTopology(
                Grid, [.. _engine.Positions.Process.Select(p => _ingestion.ReaderOf(p, Grid))], behind);
        }

        var ownership = new ShardOwnership(
            _shared, _engine, _stores.Checkpoints, checkpointer, cluster.Members, _opening, _logger);
        var readers = new PartitionReaders(
            _shared, _engine, _ingestion.ReaderOf, _ingestion.Verdicts.End);
        return new SharedTopology(_shared, ownership, readers, behind, _engine, cluster.Members);
    }
}
