using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Topology;

/// <summary>
/// Brings what the reader of one partition has read to all shards: to those of this process directly, and to each other
/// process by one message a part. Nobody is waited for long: a process that does not answer has missed the part, and
/// its shards read it by themselves. One task at a time.
/// </summary>
internal sealed class PartitionDelivery : IEventTarget
{
    // A process that is well answers within milliseconds.
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(1);

    private readonly ClusterTopology _topology;
    private readonly ShardEngine _engine;
    private readonly PartitionProgress _reading;
    private readonly OutgoingDelivery _outgoing;
    private readonly Dictionary<string, Task> _calls = new(StringComparer.Ordinal);
    private bool _hasPart;

    /// <summary>Creates the delivery of a partition.</summary>
    /// <param name="topology">Has the routes and the transport.</param>
    /// <param name="engine">Has the shards of this process.</param>
    /// <param name="reading">How far the partition is read.</param>
    internal PartitionDelivery(ClusterTopology topology, ShardEngine engine, PartitionProgress reading)
    {
        (_topology, _engine, _reading) = (topology, engine, reading);
        _outgoing = new OutgoingDelivery([.. topology.Definitions.Events.Select(e => e.Fields.Length)]);
    }

    /// <inheritdoc/>
    public ValueTask ApplyAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        if (!batch.IsUnderWay)
        {
            _outgoing.Begin(_topology.Routes);
            _hasPart = true;
        }

        return _engine.ApplyAsync(batch, _outgoing.Routes.Own, _outgoing, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask CompleteAsync(
        TopicPartition partition, Delivered delivered, CancellationToken cancellationToken)
    {
        if (!_hasPart)
        {
            _outgoing.Begin(_topology.Routes);
        }

        _hasPart = false;
        ShardRoutes routes = _outgoing.Routes;
        await _engine.CompleteAsync(partition, delivered, routes.Own, cancellationToken);
        int index = _engine.Positions.IndexOf(partition);
        foreach (OffsetGap gap in _reading.Gaps)
        {
            _engine.Positions.Process[index].DeclareGap(gap);
        }

        if (routes.Others.Length > 0)
        {
            await SendAsync(routes, delivered, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Abandon(TopicPartition partition)
    {
        _hasPart = false;
        _engine.Abandon(partition);
    }

    private async ValueTask SendAsync(ShardRoutes routes, Delivered delivered, CancellationToken cancellationToken)
    {
        var calls = new List<Task>(routes.Others.Length);
        for (int i = 0; i < routes.Others.Length; i++)
        {
            string address = routes.Others[i].Address;

            // One call at a time: whoever has not answered the last one misses this part.
            if (_calls.TryGetValue(address, out Task? last) && !last.IsCompleted)
            {
                continue;
            }

            var header = new DeliveryHeader(
                _engine.PlansHash, routes.Version, _reading.Source, delivered, _reading.StartOffset, _reading.Gaps,
                routes.Covered[i]);
            Task call = CallAsync(address, _outgoing.MessageTo(i, header));
            _calls[address] = call;
            calls.Add(call);
        }

        try
        {
            await Task.WhenAll(calls).WaitAsync(AnswerMax, _topology.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // They have missed the part, or take it later.
        }
    }

    private async Task CallAsync(string address, byte[] message)
    {
        try
        {
            ReadOnlyMemory<byte> reply = await _topology.Transport.CallAsync(
                address, ShardMessage.Deliver, message, CancellationToken.None);
            _topology.SeeReply(DeliveryReply.Read(reply.Span));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The part may be applied there or not: the next one tells.
        }
    }
}
