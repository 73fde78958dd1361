using System.Collections.Immutable;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Runtime.Outputs;

/// <summary>
/// Writes one output: what was marked, an interval after the first mark; all entities, where it is not known that
/// older changes are written. Owned by its task; a checkpoint may ask for a flush from another. What can't be written
/// stays marked and is tried again; nothing is written while state is being rebuilt, since values would go back.
/// </summary>
internal sealed partial class OutputWriter
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(5);

    // A checkpoint is held up by outputs for at most so long; then the next start goes through all entities.
    private static readonly TimeSpan FlushMax = TimeSpan.FromSeconds(2);

    private readonly OutputSources _sources;
    private readonly OutputAppender _appender;
    private readonly OutputMetrics _metrics;
    private readonly FeatureSelection _selection;
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly ImmutableArray<PartitionProgress> _feeding;
    private readonly ILogger _logger;
    private volatile int _underWay;

    internal OutputWriter(
        OutputMarks marks,
        FeatureSelection selection,
        IOutputEncoder encoder,
        OutputSources sources,
        OutputMetrics metrics,
        ILogger logger)
    {
        (Marks, _selection, _sources, _metrics) = (marks, selection, sources, metrics);
        _appender = new OutputAppender(marks.Output, selection, encoder, sources);
        _feeding = [.. sources.Progress.Where(p => selection.Plan.Topics.Contains(p.Partition.Topic))];
        _logger = logger;
        Name = $"{selection.Plan.Definition.Name}.{marks.Output.Name}";
    }

    /// <summary>Entity type and output, as <c>user.features</c>.</summary>
    internal string Name { get; }

    /// <summary>What waits.</summary>
    internal OutputMarks Marks { get; }

    /// <summary>Whether every change that is not marked has been written.</summary>
    internal bool IsWhole { get; set; }

    /// <summary>Changed entities that are not known to be written.</summary>
    internal int Waiting => Marks.Count + _underWay;

    /// <summary>Records written since the start.</summary>
    internal long Written { get; private set; }

    /// <summary>Why the last attempt failed; null: it did not.</summary>
    internal string? Fault { get; private set; }

    private bool IsRebuilding => _feeding.Any(p => p.IsRebuilding);

    /// <summary>Writes until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        TimeSpan interval = TimeSpan.FromMilliseconds(Marks.Output.IntervalMs), wait = interval;
        try
        {
            while (true)
            {
                await WaitForMarksAsync(cancellationToken);
                await Task.Delay(wait, _sources.Time, cancellationToken);
                bool isDone = IsRebuilding || await TryWriteAsync(cancellationToken);
                wait = isDone ? interval : wait * 2 < WaitMax ? wait * 2 : WaitMax;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The last checkpoint flushes what waits.
        }
    }

    /// <summary>Writes what waits, for a checkpoint whose positions have been noted.</summary>
    /// <returns>Whether all changes before these positions are written: a start needs to write only what it reads
    /// again.</returns>
    internal async ValueTask<bool> TryFlushAsync()
    {
        if (!IsWhole || Marks.IsOver || Fault is not null || IsRebuilding)
        {
            return false;
        }

        using var limit = new CancellationTokenSource(FlushMax, _sources.Time);
        try
        {
            return await TryWriteAsync(limit.Token) && !Marks.IsOver;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async ValueTask WaitForMarksAsync(CancellationToken cancellationToken)
    {
        long seen = Marks.Marked.Version;
        if (IsWhole && !Marks.IsOver && Marks.Count == 0)
        {
            await Marks.Marked.WaitAsync(seen, cancellationToken);
        }
    }

    private async ValueTask<bool> TryWriteAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (!IsWhole || Marks.IsOver)
            {
                await PassAsync(cancellationToken);
            }

            await WriteMarkedAsync(cancellationToken);
            Fault = null;
            return true;
        }
        catch (Exception e) when (e is EventLogException or SnapshotStoreException or CheckpointCorruptException
            or SchemaUnavailableException)
        {
            Fault = e.Message;
            _metrics.CountFailure(Name);
            LogFailed(Name, e.Message);
            return false;
        }
        finally
        {
            _one.Release();
        }
    }

    // What was dropped before is in a checkpoint that is made now, and what changes from now on is marked.
    private async ValueTask PassAsync(CancellationToken cancellationToken)
    {
        IsWhole = false;
        Marks.Reset();
        _metrics.CountPass(Name);
        await _sources.CheckpointAsync(cancellationToken);
        var keys = new List<byte[]>(OutputAppender.EntitiesMax);
        await foreach (byte[] key in _sources.KeysAsync(_selection.Plan, cancellationToken))
        {
            keys.Add(key);
            if (keys.Count == OutputAppender.EntitiesMax)
            {
                await WriteAsync(keys, cancellationToken);
                keys.Clear();
            }
        }

        await WriteAsync(keys, cancellationToken);
        IsWhole = true;
    }

    private async ValueTask WriteMarkedAsync(CancellationToken cancellationToken)
    {
        byte[][] keys = Marks.Take();
        int written = 0;
        _underWay = keys.Length;
        try
        {
            for (; written < keys.Length; written += OutputAppender.EntitiesMax)
            {
                int end = Math.Min(keys.Length, written + OutputAppender.EntitiesMax);
                await WriteAsync(keys[written..end], cancellationToken);
            }
        }
        finally
        {
            foreach (byte[] key in keys.AsSpan(Math.Min(written, keys.Length)))
            {
                Marks.Mark(key);
            }

            _underWay = 0;
        }
    }

    private async ValueTask WriteAsync(IReadOnlyList<byte[]> keys, CancellationToken cancellationToken)
    {
        (int records, int tooLarge) = await _appender.AppendAsync(keys, cancellationToken);
        Written += records;
        _metrics.Count(Name, records, tooLarge);
    }

    [LoggerMessage(LogLevel.Warning, "The output {Output} waits: {Message}")]
    private partial void LogFailed(string output, string message);
}
