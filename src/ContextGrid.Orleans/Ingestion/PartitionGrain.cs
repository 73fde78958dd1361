using Orleans;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Ingestion;

/// <inheritdoc cref="IPartitionGrain"/>
[GrainType("partition")]
internal sealed class PartitionGrain(
    [PersistentState("partition", GridContext.StorageName)] IPersistentState<PartitionState> state, TimeProvider time)
    : Grain, IPartitionGrain
{
    private PartitionReport? _report;
    private TaskCompletionSource _reported = new();

    /// <inheritdoc/>
    public async ValueTask<PartitionState> AcquireAsync()
    {
        state.State.Epoch++;
        await WriteAsync();
        return state.State;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> CommitAsync(PartitionState durable)
    {
        if (durable.Epoch != state.State.Epoch)
        {
            return false;
        }

        state.State = durable;
        await WriteAsync();
        return true;
    }

    /// <inheritdoc/>
    public ValueTask ReportAsync(PartitionReport report)
    {
        if (report.Epoch >= (_report?.Epoch ?? 0))
        {
            _report = report;
            _reported.SetResult();
            _reported = new TaskCompletionSource();
        }

        return default;
    }

    /// <inheritdoc/>
    public async ValueTask<PartitionReport?> WaitForReportAsync(long seen, TimeSpan most)
    {
        if (_report is null || _report.SaidMs == seen)
        {
            await Task.WhenAny(_reported.Task, Task.Delay(most, time));
        }

        return _report;
    }

    // What is not durable must not be told by the next call: whatever failed, this activation goes.
    private async Task WriteAsync()
    {
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
    }
}
