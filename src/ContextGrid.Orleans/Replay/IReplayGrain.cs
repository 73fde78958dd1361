using ContextGrid.Runtime.Hosting;
using Orleans;
using Orleans.CodeGeneration;
using Orleans.Concurrency;

namespace ContextGrid.Orleans.Replay;

/// <summary>One replay; the key is its id.</summary>
[Alias("ContextGrid.IReplayGrain")]
[Version(1)]
public interface IReplayGrain : IGrainWithStringKey
{
    /// <summary>Starts the replay; the same request again changes nothing.</summary>
    [Alias("Start")]
    ValueTask<ReplayReply> StartAsync(ReplayRequest request);

    /// <summary>Goes on with what the index has for the replay: reading, or removing itself. Called at intervals, so
    /// that it goes on after its silo has died.</summary>
    [Alias("Resume")]
    ValueTask ResumeAsync();

    /// <summary>What it knows of itself; where the durable request is null it has not begun.</summary>
    [Alias("GetStatus")]
    [AlwaysInterleave]
    [ReadOnly]
    ValueTask<ReplayReport> GetStatusAsync();

    /// <summary>Ends the replay, when it has not ended yet.</summary>
    [Alias("Cancel")]
    ValueTask<ReplayReply> CancelAsync();
}
