using System.Diagnostics.Metrics;

namespace ContextGrid.Runtime.DeadLetters;

/// <summary>The counters of what operators do about dead letters. Thread-safe.</summary>
internal sealed class DeadLetterMetrics
{
    private readonly Counter<long> _retried;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _discarded;

    /// <summary>Creates the instruments on the grid's meter.</summary>
    public DeadLetterMetrics(Meter meter)
    {
        _retried = meter.CreateCounter<long>(
            "contextgrid_dead_letters_retried", "{record}", "Dead letters put into the log again, by topic.");
        _refused = meter.CreateCounter<long>(
            "contextgrid_dead_letters_retry_refused", "{record}", "Retries of dead letters refused, by reason.");
        _discarded = meter.CreateCounter<long>(
            "contextgrid_dead_letters_discarded", "{record}", "Dead letters discarded.");
    }

    /// <summary>Counts a letter whose record is in the log again.</summary>
    public void CountRetried(string topic) => _retried.Add(1, new KeyValuePair<string, object?>("topic", topic));

    /// <summary>Counts a retry that was refused.</summary>
    public void CountRefused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>Counts discarded letters.</summary>
    public void CountDiscarded(int letters) => _discarded.Add(letters);
}
