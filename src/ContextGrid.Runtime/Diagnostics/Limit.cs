namespace ContextGrid.Runtime.Diagnostics;

/// <summary>
/// One bound of the process: how much of it is in use, and how often it said no. What is taken is given back by who
/// took it. Thread-safe; made by <see cref="GridMetrics.AddLimit"/>, which shows it.
/// </summary>
public sealed class Limit
{
    private long _used;
    private long _refused;

    internal Limit(string name, long max)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(max);
        (Name, Max) = (name, max);
    }

    /// <summary>The value of the tag <c>limit</c> in metrics.</summary>
    public string Name { get; }

    /// <summary>The most that may be in use.</summary>
    public long Max { get; }

    /// <summary>What is in use; never above <see cref="Max"/>.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>How often it said no.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Takes an amount, or none of it, and counts the refusal.</summary>
    /// <param name="amount">How much; not negative.</param>
    public bool TryTake(long amount = 1)
    {
        // Added only where it fits: an amount that is refused must not for a moment crowd out one that fits.
        long used = Volatile.Read(ref _used);
        while (amount <= Max - used)
        {
            long seen = Interlocked.CompareExchange(ref _used, used + amount, used);
            if (seen == used)
            {
                return true;
            }

            used = seen;
        }

        Refuse();
        return false;
    }

    /// <summary>Takes an amount.</summary>
    /// <param name="amount">How much; not negative.</param>
    /// <exception cref="LimitReachedException">It does not fit; nothing is taken.</exception>
    public void Take(long amount = 1)
    {
        if (!TryTake(amount))
        {
            throw new LimitReachedException(this);
        }
    }

    /// <summary>Gives back what was taken.</summary>
    /// <param name="amount">How much.</param>
    public void Give(long amount = 1) => Interlocked.Add(ref _used, -amount);

    /// <summary>Counts a refusal that was decided elsewhere.</summary>
    public void Refuse() => Interlocked.Increment(ref _refused);
}
