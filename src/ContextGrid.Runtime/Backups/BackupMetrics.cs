using System.Diagnostics.Metrics;

namespace ContextGrid.Runtime.Backups;

/// <summary>The counters of backups. Thread-safe.</summary>
internal sealed class BackupMetrics
{
    private readonly Counter<long> _backups;
    private readonly Counter<long> _bytes;
    private readonly Histogram<double> _seconds;

    /// <summary>Creates the instruments on the grid's meter.</summary>
    public BackupMetrics(Meter meter)
    {
        _backups = meter.CreateCounter<long>("contextgrid_backups", "{backup}", "Backups, by outcome.");
        _bytes = meter.CreateCounter<long>("contextgrid_backup", "By", "Bytes that were copied into backups.");
        _seconds = meter.CreateHistogram<double>("contextgrid_backup_duration", "s", "How long a whole backup took.");
    }

    /// <summary>Counts a backup that is durable.</summary>
    public void CountDone(long bytes, TimeSpan elapsed)
    {
        _backups.Add(1, new KeyValuePair<string, object?>("outcome", "ok"));
        _bytes.Add(bytes);
        _seconds.Record(elapsed.TotalSeconds);
    }

    /// <summary>Counts one that is not.</summary>
    public void CountFailed() => _backups.Add(1, new KeyValuePair<string, object?>("outcome", "failed"));
}
