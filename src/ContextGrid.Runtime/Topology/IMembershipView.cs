namespace ContextGrid.Runtime.Topology;

/// <summary>
/// Port: which processes take part. What it says may be late, and differ between processes; it never calls a process
/// dead that goes on afterwards without ending itself. Thread-safe.
/// </summary>
internal interface IMembershipView
{
    /// <summary>This process's address.</summary>
    string Self { get; }

    /// <summary>The addresses of the processes that can own shards now, this one included, in ordinal order. One that
    /// drains is not among them.</summary>
    IReadOnlyList<string> Active { get; }

    /// <summary>Whether a process is known to be gone for good, or was never a member of this cluster.</summary>
    bool IsDead(string address);

    /// <summary>Calls back after each change, from any thread; the callback does not wait.</summary>
    void OnChange(Action changed);
}
