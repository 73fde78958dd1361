using Orleans;
using Orleans.CodeGeneration;
using Orleans.Concurrency;

namespace ContextGrid.Orleans.Ingestion;

/// <summary>What is durable of one source partition, and how far its reader is; the key is <c>topic/partition</c>.
/// </summary>
[Alias("ContextGrid.IPartitionGrain")]
[Version(1)]
public interface IPartitionGrain : IGrainWithStringKey
{
    /// <summary>Makes the caller the partition's reader: no older one can commit from now on.</summary>
    /// <returns>Its epoch, and where it begins.</returns>
    [Alias("Acquire")]
    ValueTask<PartitionState> AcquireAsync();

    /// <summary>Notes what is durable.</summary>
    /// <param name="durable">Epoch and positions.</param>
    /// <returns>False: somebody else reads the partition since.</returns>
    [Alias("Commit")]
    ValueTask<bool> CommitAsync(PartitionState durable);

    /// <summary>Takes the reader's report, and gives it to whoever waits for it.</summary>
    [Alias("Report")]
    [AlwaysInterleave]
    ValueTask ReportAsync(PartitionReport report);

    /// <summary>Waits for another report than the caller has.</summary>
    /// <param name="seen">When the caller's was said, milliseconds since the Unix epoch; 0: it has none.</param>
    /// <param name="most">How long to wait.</param>
    /// <returns>The newest one; null: there is none since the grain was activated.</returns>
    [Alias("WaitForReport")]
    [AlwaysInterleave]
    ValueTask<PartitionReport?> WaitForReportAsync(long seen, TimeSpan most);
}
