using ContextGrid.Orleans.Entities;
using ContextGrid.Runtime.Ingestion;
using Orleans;

namespace ContextGrid.Orleans.Ingestion;

/// <summary>
/// Moves the commit position of one partition: notes the position, lets every entity that events were brought to since
/// the last commit become durable, and then writes it down (I3).
/// </summary>
internal sealed class PartitionCommits(
    IPartitionGrain grain,
    IngestionParts parts,
    PartitionProgress progress,
    UncommittedEntities uncommitted,
    PartitionState state)
{
    private const int CallsMax = 256;

    // A commit that is wanted and failed is tried again after this.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _doubted = new(0);
    private long _committed = state.Next;
    private long _committedMs = parts.NowMs;
    private long _verified = parts.View.Version;

    /// <summary>The commit position, and when it was found or written.</summary>
    internal (long Next, long Ms) Committed => (Volatile.Read(ref _committed), Volatile.Read(ref _committedMs));

    /// <summary>Why the last commit failed; null: it did not.</summary>
    internal string? Fault { get; private set; }

    /// <summary>Why the reader has to begin anew; null: it need not.</summary>
    internal string? Why { get; private set; }

    /// <summary>
    /// The version of the cluster's members up to which no loss has left an entity behind that events were brought to.
    /// </summary>
    internal long VerifiedVersion
    {
        get
        {
            (long version, long verified) = (parts.View.Version, Volatile.Read(ref _verified));
            return parts.View.LossVersion <= verified ? version : verified;
        }
    }

    private bool IsDoubted => parts.View.LossVersion > Volatile.Read(ref _verified);

    /// <summary>Entities may have lost events: all of them are asked at once.</summary>
    internal void Doubt() => _doubted.Release();

    /// <summary>Commits at intervals, until cancelled; cancels when the reader has to begin anew.</summary>
    internal async Task RunAsync(CancellationTokenSource ends)
    {
        while (!ends.IsCancellationRequested)
        {
            TimeSpan most = IsDoubted && parts.FlushInterval > Pause ? Pause : parts.FlushInterval;
            await Task.WhenAny(_doubted.WaitAsync(most, ends.Token));
            if (!ends.IsCancellationRequested && !await CommitAsync())
            {
                await ends.CancelAsync();
            }
        }
    }

    /// <summary>Commits once, when anything has moved.</summary>
    /// <returns>False: the reader has to begin anew.</returns>
    internal async ValueTask<bool> CommitAsync()
    {
        (long next, long version) = (progress.Next, parts.View.Version);
        if (next == _committed && !IsDoubted)
        {
            Volatile.Write(ref _committedMs, parts.NowMs);
            return true;
        }

        PartitionState durable = Durable(next);
        try
        {
            if (!await FlushAsync(uncommitted.Take()))
            {
                return false;
            }

            if (!await grain.CommitAsync(durable))
            {
                Why = "another silo reads it";
                return false;
            }

            uncommitted.Committed();
            Volatile.Write(ref _committed, next);
            Volatile.Write(ref _committedMs, parts.NowMs);
            Fault = null;
            Volatile.Write(ref _verified, version);
            parts.Grid.Metrics.CountCheckpoint("ok", 0);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Everything stays uncommitted, and is tried again.
            parts.Grid.Metrics.CountCheckpoint("failed", 0);
            Fault = SiloFaults.Sentence(e);
            parts.LogCommitFailed(progress.Partition, Fault, SiloFaults.ForLog(e));
            return true;
        }
    }

    private PartitionState Durable(long next) => new()
    {
        Epoch = state.Epoch,
        Next = next,
        Gaps = GapPairs.Of(progress.Gaps),
        Start = state.Start,
        Mark = progress.Mark is { } mark ? [mark.Offset, mark.Crc] : [],
    };

    private async ValueTask<bool> FlushAsync(Dictionary<byte[], long> entities)
    {
        var calls = new Queue<(byte[] Name, Task<bool> Flushed)>();
        foreach ((byte[] name, long offset) in entities)
        {
            if (calls.Count >= CallsMax && !await EndAsync(calls.Dequeue()))
            {
                return false;
            }

            calls.Enqueue((name, parts.Grains.EntityOf(name).FlushAsync(progress.Source, offset).AsTask()));
        }

        while (calls.TryDequeue(out var call))
        {
            if (!await EndAsync(call))
            {
                return false;
            }
        }

        return true;
    }

    private async ValueTask<bool> EndAsync((byte[] Name, Task<bool> Flushed) call)
    {
        bool flushed = await call.Flushed;
        Why = flushed ? null : new StateLostException(call.Name).Message;
        return flushed;
    }
}
