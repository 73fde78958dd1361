using Orleans;
using Orleans.Runtime;
using Orleans.Runtime.Services;
using Orleans.Services;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Orleans.Topology;

/// <summary>Takes the messages of other silos: one a silo, which is called by the silo's address.</summary>
[Alias("ContextGrid.IShardService")]
internal interface IShardService : IGrainService
{
    /// <summary>Handles a message.</summary>
    /// <param name="from">The sender's address.</param>
    /// <param name="call">The message.</param>
    /// <param name="cancellationToken">Cancelled when the sender does not wait any more.</param>
    [Alias("Handle")]
    ValueTask<ShardReply> HandleAsync(string from, ShardCall call, CancellationToken cancellationToken);
}

/// <summary>Hands messages on to the inbox. Calls interleave, since the service itself waits for none.</summary>
internal sealed class ShardService(GrainId id, Silo silo, ILoggerFactory loggers, ShardInbox inbox)
    : GrainService(id, silo, loggers), IShardService
{
    /// <inheritdoc/>
    public ValueTask<ShardReply> HandleAsync(string from, ShardCall call, CancellationToken cancellationToken) =>
        inbox.HandleAsync(from, call, cancellationToken);
}

/// <summary>Finds the service of a silo. Thread-safe.</summary>
internal sealed class ShardServices(IServiceProvider services) : GrainServiceClient<IShardService>(services)
{
    /// <summary>The service of a silo, whether there is such a silo or not.</summary>
    internal IShardService At(SiloAddress silo) => GetGrainService(silo);
}
