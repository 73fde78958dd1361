using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// The account of the memory that resident entities take, and its limits. Above the budget what is cold becomes
/// passive; an eighth above it a checkpoint is wanted at once, since only what is durable can become passive; a quarter
/// above it events wait for that checkpoint (I11). Thread-safe.
/// </summary>
internal sealed class ResidentMemory
{
    private readonly long _bytesMax;
    private long _bytes;
    private long _budget;

    /// <summary>Creates the account.</summary>
    /// <param name="bytesMax">The budget for entities and for what look-ups need; 0: unlimited.</param>
    internal ResidentMemory(long bytesMax)
    {
        _bytesMax = bytesMax;
        _budget = bytesMax == 0 ? long.MaxValue / 2 : bytesMax;
    }

    /// <summary>The budget for entities and for what look-ups need, bytes; 0: unlimited.</summary>
    internal long BytesMax => _bytesMax;

    /// <summary>An estimate of what resident entities take, bytes.</summary>
    internal long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Whether something should become passive.</summary>
    internal bool IsOver => Bytes > Volatile.Read(ref _budget);

    /// <summary>Whether events have to wait.</summary>
    internal bool IsFull => Volatile.Read(ref _budget) is long budget && Bytes > budget + (budget / 4);

    /// <summary>Set when a checkpoint is wanted before its time.</summary>
    internal Signal CheckpointWanted { get; } = new();

    /// <summary>Set when an attempt to make a checkpoint has ended.</summary>
    internal Signal Checkpointed { get; } = new();

    private bool IsPressing => Volatile.Read(ref _budget) is long budget && Bytes > budget + (budget / 8);

    /// <summary>Notes that entities take more, or less.</summary>
    internal void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>
    /// Notes what look-ups take; it comes out of the budget, of which entities keep at least a quarter.
    /// </summary>
    internal void SetLookupBytes(long bytes)
    {
        if (_bytesMax > 0)
        {
            Volatile.Write(ref _budget, Math.Max(_bytesMax - bytes, _bytesMax / 4));
        }
    }

    /// <summary>Asks for a checkpoint when too little can become passive without one.</summary>
    internal void WantCheckpoint()
    {
        if (IsPressing)
        {
            CheckpointWanted.Set();
        }
    }
}
