using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// Lets shards that are behind catch up: for each partition in which there are any, reads the log from where the last
/// of them stands, with a window of producers' ids of its own, until all of them are in step. The others take what
/// comes in the meantime. Writes no dead letter: whoever reads the partition does.
/// </summary>
/// <param name="engine">Has the shards.</param>
/// <param name="ingestorOf">Makes the reader of a partition that begins at a progress and brings its events to a
/// target.</param>
internal sealed class BehindReaders(
    ShardEngine engine, Func<PartitionProgress, IEventTarget, PartitionIngestor> ingestorOf)
{
    private readonly PartitionIngestor?[] _ingestors = new PartitionIngestor?[engine.Positions.Process.Length];

    /// <summary>What holds up a partition in which shards are behind; null: nothing.</summary>
    internal string? Fault => _ingestors.Where(i => i?.Fault is not null)
        .Select(i => $"{i?.Progress.Partition.Topic}/{i?.Progress.Partition.Partition}: {i?.Fault}").FirstOrDefault();

    /// <summary>Runs until cancelled.</summary>
    internal Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Enumerable.Range(0, _ingestors.Length)
            .Select(p => BackgroundTask.StartAsync(token => RunAsync(p, token), cancellationToken)));

    private async Task RunAsync(int partition, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                // Whoever falls behind after this look changes the version.
                long seen = engine.Positions.FellBehind.Version;
                await CatchUpAsync(partition, cancellationToken);
                await engine.Positions.FellBehind.WaitAsync(seen, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task CatchUpAsync(int partition, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested
            && engine.Positions.Behind(partition) is { IsEmpty: false } behind)
        {
            PartitionProgress? last = behind.Shards().Select(s => engine.Positions.OwnOf(s, partition))
                .OfType<PartitionProgress>().MinBy(p => p.Next);
            if (last is null)
            {
                continue; // They were closed meanwhile.
            }

            PartitionProgress reading = last.Copy();
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var target = new BehindTarget(engine, partition, behind, reading, ends);
            PartitionIngestor ingestor = ingestorOf(reading, target);
            _ingestors[partition] = ingestor;
            await ingestor.RunAsync(ends.Token);
            _ingestors[partition] = null;
        }
    }

    /// <summary>Takes parts of a partition for the shards that are behind.</summary>
    private sealed class BehindTarget : IEventTarget
    {
        private static readonly TimeSpan ReaderPause = TimeSpan.FromMilliseconds(10);

        private readonly ShardEngine _engine;
        private readonly int _partition;
        private readonly PartitionProgress _reading;
        private readonly CancellationTokenSource _ends;
        private readonly Dictionary<int, PartitionProgress> _own = [];
        private ShardSet _taking;
        private bool _hasGate;

        internal BehindTarget(
            ShardEngine engine,
            int partition,
            ShardSet shards,
            PartitionProgress reading,
            CancellationTokenSource ends)
        {
            (_engine, _partition, _reading, _ends) = (engine, partition, reading, ends);
            foreach (int shard in shards.Shards())
            {
                if (engine.Positions.OwnOf(shard, partition) is { } own)
                {
                    _own[shard] = own;
                }
            }
        }

        /// <summary>Those of the shards that are still behind since then.</summary>
        private ShardSet Still => ShardSet.Of(
            _own.Where(o => _engine.Positions.OwnOf(o.Key, _partition) == o.Value).Select(o => o.Key));

        public async ValueTask ApplyAsync(EventBatch batch, CancellationToken cancellationToken)
        {
            bool isFirst = !batch.IsUnderWay;
            await WaitForReaderAsync(batch.To, cancellationToken);
            ShardSet taking = await BeginAsync(batch.From, cancellationToken);
            _taking = isFirst ? taking : taking.Intersect(_taking);
            try
            {
                await _engine.RouteAsync(batch, _taking, cancellationToken);
            }
            catch
            {
                // Others of the partition do not wait for what can't be read at present.
                GiveGateBack();
                throw;
            }
        }

        public async ValueTask CompleteAsync(
            TopicPartition partition, Delivered delivered, CancellationToken cancellationToken)
        {
            if (!_hasGate)
            {
                _taking = await BeginAsync(delivered.From, cancellationToken);
            }

            // What the log has lost meanwhile is told before the position passes it.
            foreach (OffsetGap gap in _reading.Gaps)
            {
                _engine.Positions.Process[_partition].DeclareGap(gap);
            }

            _hasGate = false;
            _engine.Positions.EndBehind(_partition, _taking, delivered);
            if (Still.IsEmpty)
            {
                _ends.Cancel();
            }
        }

        public void Abandon(TopicPartition partition) => GiveGateBack();

        // The reader of the partition writes its dead letters: nobody passes a record before these are durable (I6).
        private async ValueTask WaitForReaderAsync(long to, CancellationToken cancellationToken)
        {
            while (_engine.Positions.InStep(_partition).Next < to && !Still.IsEmpty)
            {
                await Task.Delay(ReaderPause, _engine.Time, cancellationToken);
            }
        }

        private async ValueTask<ShardSet> BeginAsync(long from, CancellationToken cancellationToken)
        {
            ShardSet taking = await _engine.Positions.BeginBehindAsync(_partition, from, Still, cancellationToken);
            _hasGate = true;
            return taking.Intersect(Still);
        }

        private void GiveGateBack()
        {
            if (_hasGate)
            {
                _hasGate = false;
                _engine.Positions.GiveUpBehind(_partition);
            }
        }
    }
}
