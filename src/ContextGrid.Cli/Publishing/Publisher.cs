using System.Collections.Concurrent;
using ContextGrid.Client;
using Google.Protobuf;

namespace ContextGrid.Cli.Publishing;

/// <summary>
/// Publishes lines over one stream, in their order: one task reads the input and sends batches, the other counts the
/// answers. The number of batches without an answer is bounded, so a slow server slows the reading.
/// </summary>
public sealed class Publisher
{
    // Enough to cover the server's flush to disk with work; 16 batches of at most 2 MiB.
    private const int BatchesInFlightMax = 16;

    // Half of the message that a server takes by default, so that keys and framing fit.
    private const int BatchBytesMax = 2 * 1024 * 1024;

    // What the contract allows of one event.
    private const int EventBytesMax = 1024 * 1024;

    // Shorter than what the process is given to end after Ctrl-C.
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(3);

    private readonly PublishPlan _plan;
    private readonly LineReader _lines;
    private readonly TimeProvider _clock;
    private readonly EventKey? _key;
    private readonly ConcurrentQueue<LineBatch> _inFlight = new();
    private readonly ConcurrentQueue<RefusedLine> _tooLong = new();
    private readonly long _started;
    private long _sent;

    /// <summary>Prepares a run.</summary>
    public Publisher(PublishPlan plan, Stream input, TimeProvider clock)
    {
        _plan = plan;
        _lines = new LineReader(input, EventBytesMax);
        _clock = clock;
        _key = plan.KeyField is null ? null : new EventKey(plan.KeyField);
        _started = clock.GetTimestamp();
        Tally = new PublishTally(plan.FromLine);
    }

    /// <summary>What became of the events so far.</summary>
    public PublishTally Tally { get; }

    /// <summary>Whether any event was sent.</summary>
    public bool HasSent => Volatile.Read(ref _sent) > 0;

    /// <summary>How long the run has taken so far.</summary>
    public TimeSpan Elapsed => _clock.GetElapsedTime(_started);

    /// <summary>
    /// Publishes everything. When it fails, <see cref="Tally"/> says how far it came. When it is cancelled, nothing
    /// more is sent, and the answers to what is under way are awaited for a moment, so that the tally is exact.
    /// </summary>
    /// <exception cref="ContextGridException">The server ended the stream.</exception>
    /// <exception cref="IOException">The input cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task RunAsync(ContextGridClient client, Action onProgress, CancellationToken cancellation)
    {
        using var slots = new SemaphoreSlim(BatchesInFlightMax);
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var answering = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _clock);
        using var drain = cancellation.Register(() => answering.CancelAfter(DrainTime));
        using var stream = client.OpenPublishStream(answering.Token);
        var writing = WriteAsync(stream, slots, sending.Token, answering.Token);
        try
        {
            await foreach (var answer in stream.ReadAllAsync(answering.Token))
            {
                if (!_inFlight.TryDequeue(out var batch))
                    throw new ContextGridException(GrpcStatusCode.Internal, "The server answered more than was asked.");
                Tally.Add(batch, answer);
                slots.Release();
                onProgress();
            }

            await writing;
        }
        finally
        {
            // When the reader failed it knows why; what the writer then says is only that the stream is over.
            await sending.CancelAsync();
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (_tooLong.TryDequeue(out var line))
                Tally.Add(line);
        }

        if (!_inFlight.IsEmpty)
            throw new ContextGridException(GrpcStatusCode.Internal, "The server left batches without an answer.");
        Tally.Finish(_lines.Number);
    }

    private async Task WriteAsync(
        PublishStream stream, SemaphoreSlim slots, CancellationToken sending, CancellationToken answering)
    {
        try
        {
            while (await NextBatchAsync(sending) is { } batch)
            {
                await slots.WaitAsync(sending);
                await PaceAsync(batch.Count, sending);
                _inFlight.Enqueue(batch);
                await stream.WriteAsync(batch.Request, answering);
            }
        }
        finally
        {
            stream.Complete();
        }
    }

    private async ValueTask<LineBatch?> NextBatchAsync(CancellationToken cancellation)
    {
        var batch = new LineBatch(_plan);
        while (batch.Count < _plan.BatchEventsMax
            && batch.Bytes < BatchBytesMax
            && await _lines.ReadAsync(cancellation))
        {
            batch.LastLine = _lines.Number;
            if (_lines.Number < _plan.FromLine)
                continue;
            if (_lines.IsTooLong)
                _tooLong.Enqueue(new RefusedLine(_lines.Number, "too_large", "the line has over 1 MiB", false));
            else if (!_lines.Line.Span.TrimStart(" \t"u8).IsEmpty)
                batch.Add(_lines.Number, _lines.Line, _key?.Of(_lines.Line.Span) ?? ByteString.Empty);
        }

        return batch.Count > 0 ? batch : null;
    }

    private async ValueTask PaceAsync(int events, CancellationToken cancellation)
    {
        if (_plan.EventsPerSecondMax > 0)
        {
            var ahead = TimeSpan.FromSeconds((double)_sent / _plan.EventsPerSecondMax) - Elapsed;
            if (ahead > TimeSpan.Zero)
                await Task.Delay(ahead, _clock, cancellation);
        }

        _sent += events;
    }
}
