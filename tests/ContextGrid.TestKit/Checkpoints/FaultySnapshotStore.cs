using System.Globalization;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.TestKit.Checkpoints;

/// <summary>
/// A snapshot store in memory with one fault at one call. Legal faults: the process dies before or after a call has its
/// effect; a put, done or not, has an unknown outcome; a put meets a conflict that is none; the store is away for a
/// call. After a death every call of the dead process fails; <see cref="Revive"/> starts the next process on what is
/// durable.
/// </summary>
public sealed class FaultySnapshotStore : ISnapshotStore
{
    private readonly SortedDictionary<string, (byte[] Content, string ETag)> _blobs = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private long _version;
    private bool _dead;

    /// <summary>How many calls were made.</summary>
    public int Calls { get; private set; }

    /// <summary>The call that fails, counted from 1; 0: none.</summary>
    public int FaultAt { get; set; }

    /// <summary>How it fails.</summary>
    public SnapshotFault Fault { get; set; }

    /// <summary>True when the fault has struck.</summary>
    public bool HasStruck { get; private set; }

    /// <summary>Ends the death and the fault.</summary>
    public void Revive()
    {
        _dead = false;
        FaultAt = 0;
    }

    /// <summary>Changes a blob's bytes in place, as a failing disk does; null deletes it.</summary>
    public void Damage(string name, Func<byte[], byte[]?> change)
    {
        lock (_gate)
        {
            byte[]? damaged = change([.. _blobs[name].Content]);
            if (damaged is null)
            {
                _blobs.Remove(name);
            }
            else
            {
                _blobs[name] = (damaged, _blobs[name].ETag);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<PutResult> PutAsync(
        string name, ReadOnlyMemory<byte> content, PutCondition condition, CancellationToken cancellationToken)
    {
        BlobName.Check(name);
        lock (_gate)
        {
            bool strikes = Begin();
            if (strikes && Fault == SnapshotFault.UnknownNotDone)
            {
                return new(new PutResult(PutOutcome.Unknown, null));
            }

            if (strikes && Fault == SnapshotFault.Conflict)
            {
                return new(new PutResult(PutOutcome.Conflict, null));
            }

            PutResult result = Put(name, content, condition);
            End(strikes);
            return new(strikes && Fault == SnapshotFault.UnknownButDone
                ? new PutResult(PutOutcome.Unknown, null)
                : result);
        }
    }

    /// <inheritdoc/>
    public ValueTask<SnapshotBlob?> GetAsync(string name, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            End(Begin());
            return new(_blobs.TryGetValue(name, out var blob) ? new SnapshotBlob(blob.Content, blob.ETag) : null);
        }
    }

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(
        string name, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            End(Begin());
            if (!_blobs.TryGetValue(name, out var blob))
            {
                return new(-1);
            }

            int bytes = (int)Math.Clamp(blob.Content.Length - offset, 0, buffer.Length);
            blob.Content.AsSpan((int)Math.Min(offset, blob.Content.Length), bytes).CopyTo(buffer.Span);
            return new(bytes);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SnapshotBlobInfo>> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            End(Begin());
            return new(
                [.. _blobs.Where(b => b.Key.StartsWith(prefix, StringComparison.Ordinal))
                    .Select(b => new SnapshotBlobInfo(b.Key, b.Value.Content.Length))]);
        }
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string name, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            bool strikes = Begin();
            _blobs.Remove(name);
            End(strikes);
            return default;
        }
    }

    private PutResult Put(string name, ReadOnlyMemory<byte> content, PutCondition condition)
    {
        bool exists = _blobs.TryGetValue(name, out var blob);
        if ((condition.IfAbsent && exists) || (condition.IfMatch is not null && condition.IfMatch != blob.ETag))
        {
            return new PutResult(PutOutcome.Conflict, null);
        }

        string etag = (++_version).ToString(CultureInfo.InvariantCulture);
        _blobs[name] = (content.ToArray(), etag);
        return new PutResult(PutOutcome.Done, etag);
    }

    private bool Begin()
    {
        if (_dead)
        {
            throw new SimulatedDeathException();
        }

        bool strikes = ++Calls == FaultAt;
        HasStruck |= strikes;
        if (strikes && Fault == SnapshotFault.DeathBefore)
        {
            _dead = true;
            throw new SimulatedDeathException();
        }

        return strikes && Fault == SnapshotFault.Away
            ? throw new SnapshotStoreException("The store is away, as the test wants.")
            : strikes;
    }

    private void End(bool strikes)
    {
        if (strikes && Fault == SnapshotFault.DeathAfter)
        {
            _dead = true;
            throw new SimulatedDeathException();
        }
    }
}

/// <summary>How a call fails.</summary>
public enum SnapshotFault
{
    /// <summary>The process dies before the call has an effect.</summary>
    DeathBefore,

    /// <summary>The process dies after the call has its effect.</summary>
    DeathAfter,

    /// <summary>A put is done, and its outcome is unknown.</summary>
    UnknownButDone,

    /// <summary>A put is not done, and its outcome is unknown.</summary>
    UnknownNotDone,

    /// <summary>A put meets a conflict though nothing is there: another's write that has been taken back.</summary>
    Conflict,

    /// <summary>The store refuses; nothing is done.</summary>
    Away,
}

/// <summary>The process of the test has died.</summary>
public sealed class SimulatedDeathException() : Exception("The process has died, as the test wants.");
