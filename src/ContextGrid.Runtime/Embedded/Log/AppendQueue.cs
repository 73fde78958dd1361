using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>
/// Gathers the appends that wait for the next commit: encodes them, gives them offsets, and holds callers back when too
/// much waits. Thread-safe; one gate for the whole log, so that an append to several partitions is one commit.
/// </summary>
/// <param name="options">How much may wait, and how long.</param>
/// <param name="time">The clock.</param>
/// <param name="begun">Called when a group gets its first records.</param>
internal sealed class AppendQueue(FileEventLogOptions options, TimeProvider time, Action begun)
{
    private readonly Lock _gate = new();
    private readonly Signal _room = new();
    private CommitGroup _pending = new();
    private EventLogException? _refusal;
    private uint _roundRobin;

    /// <summary>Puts records into the group that gathers, waiting for room; returns the group.</summary>
    /// <param name="topic">The topic's partitions.</param>
    /// <param name="records">Checked records.</param>
    /// <param name="bytes">What they take, encoded.</param>
    /// <param name="positions">Takes where they go.</param>
    /// <param name="cancellationToken">Ends the wait for room.</param>
    /// <exception cref="EventLogException">Busy, or the log takes no appends.</exception>
    public async ValueTask<CommitGroup> AddAsync(
        LogPartition[] topic,
        ReadOnlyMemory<LogRecord> records,
        long bytes,
        Memory<RecordPosition> positions,
        CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            long seen = _room.Version;
            if (TryAdd(topic, records.Span, bytes, positions.Span, out CommitGroup group))
            {
                return group;
            }

            TimeSpan left = options.AppendWaitMax - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                throw new EventLogException(
                    EventLogError.Busy, $"More than {options.AppendBytesPendingMax} bytes wait to be written, for "
                    + $"{options.AppendWaitMax.TotalSeconds} s now. Append again later, or less at a time.");
            }

            await _room.WaitAsync(seen, left, time, cancellationToken);
        }
    }

    /// <summary>Takes the gathered group; null: nothing waits.</summary>
    public CommitGroup? Take()
    {
        CommitGroup group;
        lock (_gate)
        {
            if (_pending.Bytes == 0)
            {
                return null;
            }

            group = Swap();
        }

        _room.Set();
        return group;
    }

    /// <summary>Ends a group: tells its callers, and keeps its buffers for later.</summary>
    /// <param name="group">The group.</param>
    /// <param name="failure">Null: durable. Else what failed: the records that gathered meanwhile fail too, since their
    /// offsets follow those of the group; with <see cref="EventLogError.Unavailable"/> all later ones as well.</param>
    public void Complete(CommitGroup group, EventLogException? failure)
    {
        CommitGroup? next = null;
        lock (_gate)
        {
            if (failure is not null)
            {
                _refusal ??= failure.Error == EventLogError.Unavailable ? failure : null;
                next = Swap();
                Rewind(group);
                Rewind(next);
                Recycle(next);
            }

            Recycle(group);
        }

        group.SetDone(failure);
        next?.SetDone(failure);
        _room.Set();
    }

    /// <summary>Refuses appends from now on.</summary>
    public void Refuse(EventLogException reason)
    {
        lock (_gate)
        {
            _refusal ??= reason;
        }

        _room.Set();
    }

    private static void Rewind(CommitGroup group)
    {
        foreach (PartitionWrite write in group.Writes)
        {
            write.Partition.NextOffset = write.Partition.End;
        }
    }

    private static void Recycle(CommitGroup group)
    {
        foreach (PartitionWrite write in group.Writes)
        {
            write.Reset();
            write.Partition.Spare = write;
        }
    }

    private bool TryAdd(
        LogPartition[] topic,
        ReadOnlySpan<LogRecord> records,
        long bytes,
        Span<RecordPosition> positions,
        out CommitGroup group)
    {
        lock (_gate)
        {
            ThrowIfRefusing();
            group = _pending;
            bool empty = group.Bytes == 0;
            if (!empty && group.Bytes + bytes > options.AppendBytesPendingMax)
            {
                return false;
            }

            Encode(group, topic, records, positions);
            group.Bytes += bytes;
            if (empty)
            {
                begun();
            }

            return true;
        }
    }

    private void ThrowIfRefusing()
    {
        if (_refusal is not null)
        {
            throw new EventLogException(_refusal.Error, _refusal.Message, _refusal);
        }
    }

    private CommitGroup Swap()
    {
        CommitGroup group = _pending;
        foreach (PartitionWrite write in group.Writes)
        {
            write.Partition.Pending = null;
        }

        _pending = new CommitGroup();
        return group;
    }

    private void Encode(
        CommitGroup group, LogPartition[] topic, ReadOnlySpan<LogRecord> records, Span<RecordPosition> positions)
    {
        for (int i = 0; i < records.Length; i++)
        {
            ref readonly LogRecord record = ref records[i];
            int number = record.Partition >= 0 ? record.Partition
                : record.Key.IsEmpty ? (int)(_roundRobin++ % (uint)topic.Length)
                : Murmur2.PartitionFor(record.Key.Span, topic.Length);
            LogPartition partition = topic[number];
            PartitionWrite write = partition.Pending ?? Begin(group, partition);
            positions[i] = new RecordPosition(number, partition.NextOffset);
            write.Add(record, partition.NextOffset++);
        }
    }

    private static PartitionWrite Begin(CommitGroup group, LogPartition partition)
    {
        PartitionWrite write = partition.Spare ?? new PartitionWrite(partition);
        partition.Spare = null;
        partition.Pending = write;
        group.Writes.Add(write);
        return write;
    }
}
