using ContextGrid.Runtime.Hosting;
using Orleans;
using Orleans.CodeGeneration;

namespace ContextGrid.Orleans.Replay;

/// <summary>Which replays there are, in the order of their beginnings; one grain for the cluster, with the key 0.
/// </summary>
[Alias("ContextGrid.IReplayIndexGrain")]
[Version(1)]
public interface IReplayIndexGrain : IGrainWithIntegerKey
{
    /// <summary>Takes a replay up, durably; the same one again changes nothing.</summary>
    [Alias("Add")]
    ValueTask<ReplayReply> AddAsync(string id, ReplayRequest request);

    /// <summary>A replay; null: there is none of that id.</summary>
    [Alias("Find")]
    ValueTask<ReplayEntry?> FindAsync(string id);

    /// <summary>All replays.</summary>
    [Alias("List")]
    ValueTask<ReplayEntry[]> ListAsync();

    /// <summary>Notes that a replay has ended. Of more than are kept, the oldest begins to be removed.</summary>
    [Alias("End")]
    ValueTask EndAsync(string id);

    /// <summary>Notes that a replay that has ended is to be removed.</summary>
    [Alias("Remove")]
    ValueTask<ReplayReply> RemoveAsync(string id);

    /// <summary>Forgets a replay of which nothing is left.</summary>
    [Alias("Forget")]
    ValueTask ForgetAsync(string id);
}
