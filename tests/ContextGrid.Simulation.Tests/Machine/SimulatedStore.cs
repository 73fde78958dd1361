using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Simulation.Tests.Machine;

/// <summary>
/// A blob store in the network, shared by all owners: calls take time, fail before or after they had their effect, and
/// a put that was given up may arrive later.
/// </summary>
internal sealed class SimulatedStore(SimulatedClock clock, Random random) : ISnapshotStore
{
    private readonly SortedDictionary<string, (byte[] Content, long Version)> _blobs = new(StringComparer.Ordinal);
    private long _version;

    /// <summary>The probability that a call fails.</summary>
    public double Fails { get; set; }

    /// <summary>The probability that the outcome of a put stays unknown.</summary>
    public double IsUnknown { get; set; }

    /// <summary>How long a call takes at most.</summary>
    public TimeSpan CallMax { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a read of a part of a blob takes at most.</summary>
    public TimeSpan ReadMax { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>All blobs.</summary>
    public IReadOnlyDictionary<string, (byte[] Content, long Version)> Blobs => _blobs;

    public async ValueTask<PutResult> PutAsync(
        string name, ReadOnlyMemory<byte> content, PutCondition condition, CancellationToken cancellationToken)
    {
        byte[] copy = content.ToArray();
        await CallAsync(CallMax);
        if (random.NextDouble() >= IsUnknown)
        {
            return Put(name, copy, condition);
        }

        switch (random.Next(3))
        {
            case 0:
                Put(name, copy, condition);
                break;
            case 1:
                ArriveLater(name, copy, condition);
                break;
        }

        return new PutResult(PutOutcome.Unknown, null);
    }

    public async ValueTask<SnapshotBlob?> GetAsync(string name, CancellationToken cancellationToken)
    {
        await CallAsync(CallMax);
        return _blobs.TryGetValue(name, out (byte[] Content, long Version) blob)
            ? new SnapshotBlob(blob.Content, Tag(blob.Version))
            : null;
    }

    public async ValueTask<int> ReadAsync(
        string name, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await CallAsync(ReadMax);
        if (!_blobs.TryGetValue(name, out (byte[] Content, long Version) blob))
        {
            return -1;
        }

        int count = (int)Math.Clamp(blob.Content.Length - offset, 0, buffer.Length);
        blob.Content.AsSpan((int)Math.Min(offset, blob.Content.Length), count).CopyTo(buffer.Span);
        return count;
    }

    public async ValueTask<IReadOnlyList<SnapshotBlobInfo>> ListAsync(
        string prefix, CancellationToken cancellationToken)
    {
        await CallAsync(CallMax);
        return
        [
            .. _blobs.Where(b => b.Key.StartsWith(prefix, StringComparison.Ordinal))
                .Select(b => new SnapshotBlobInfo(b.Key, b.Value.Content.Length)),
        ];
    }

    public async ValueTask DeleteAsync(string name, CancellationToken cancellationToken)
    {
        await CallAsync(CallMax);
        _blobs.Remove(name);
    }

    private async Task CallAsync(TimeSpan most)
    {
        await Task.Delay(most * random.NextDouble(), clock);
        if (random.NextDouble() < Fails)
        {
            throw new SnapshotStoreException("The store is away for a moment.");
        }
    }

    // The network carries it on whatever becomes of the caller, so the timer belongs to nobody.
    private void ArriveLater(string name, byte[] content, PutCondition condition)
    {
        SynchronizationContext? caller = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        clock.CreateTimer(
            _ => Put(name, content, condition), null, TimeSpan.FromSeconds(20 * random.NextDouble()),
            Timeout.InfiniteTimeSpan);
        SynchronizationContext.SetSynchronizationContext(caller);
    }

    private PutResult Put(string name, byte[] content, PutCondition condition)
    {
        bool exists = _blobs.TryGetValue(name, out (byte[] Content, long Version) blob);
        if ((condition.IfAbsent && exists) || (condition.IfMatch is { } tag && (!exists || tag != Tag(blob.Version))))
        {
            return new PutResult(PutOutcome.Conflict, null);
        }

        _blobs[name] = (content, ++_version);
        return new PutResult(PutOutcome.Done, Tag(_version));
    }

    private static string Tag(long version) => $"v{version}";
}
