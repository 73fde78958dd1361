using ContextGrid.Runtime.Ingestion;
using ContextGrid.TestKit.Logs;

namespace ContextGrid.Runtime.Tests.DeadLetters;

/// <summary>A log that fails from a call on until it is mended.</summary>
/// <param name="log">The log.</param>
/// <param name="failAt">The first call that fails, from 1.</param>
internal sealed class MendedLog(IEventLog log, int failAt) : ForwardingLog(log)
{
    private IEventLog _now = new FailingLog(log, failAt, isDone: true);

    /// <inheritdoc/>
    protected override IEventLog Log => _now;

    /// <summary>Lets everything through from now on.</summary>
    public void Mend() => _now = base.Log;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
