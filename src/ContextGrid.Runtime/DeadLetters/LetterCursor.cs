using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.DeadLetters;

/// <summary>
/// Finds single records of the dead-letter topic. Those that are asked for in the topic's order, and near each other,
/// share a reader: at a broker opening one costs as much as reading thousands of records. One thread at a time.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="end">The offset after the last record that may be asked for.</param>
internal sealed class LetterCursor(IEventLog log, long end) : IAsyncDisposable
{
    /// <summary>As many records are rather read than passed by opening another reader.</summary>
    internal const int ReadOnMax = 1_000;

    private LogScan? _scan;

    /// <summary>Finds a record.</summary>
    /// <returns>Its place in <see cref="Batch"/>, which holds until the next call; −1: there is none.</returns>
    /// <exception cref="EventLogException">The log can't be read.</exception>
    public async ValueTask<int> FindAsync(long offset, CancellationToken cancellationToken)
    {
        if (_scan is null || offset > _scan.NextOffset + ReadOnMax || IsBefore(offset))
        {
            await DisposeAsync();
            _scan = new LogScan(log, LetterIndex.Topic, offset, end);
        }

        while (true)
        {
            for (int i = 0; i < _scan.Count; i++)
            {
                if (_scan.Batch[i].Offset == offset)
                {
                    return i;
                }
            }

            if (_scan.NextOffset > offset || !await _scan.ReadAsync(cancellationToken))
            {
                return -1;
            }
        }
    }

    /// <summary>What was read last. Of the cursor; valid after a call that has found something.</summary>
    public LogBatch Batch => _scan?.Batch ?? throw new InvalidOperationException("Nothing was looked for.");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_scan is not null)
        {
            await _scan.DisposeAsync();
            _scan = null;
        }
    }

    private bool IsBefore(long offset) =>
        _scan is { } scan && offset < (scan.Count > 0 ? scan.Batch[0].Offset : scan.NextOffset);
}
