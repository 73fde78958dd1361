using System.Buffers;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Server.Grpc;
using Google.Protobuf;

namespace ContextGrid.Server.Services;

/// <summary>
/// ContextService.GetContext: request bytes to query, query to answer, answer to response bytes. The JSON twin and the
/// other methods use the same code. Thread-safe.
/// </summary>
/// <param name="requests">Turns requests into queries.</param>
/// <param name="reader">Answers queries.</param>
/// <param name="metrics">Counters.</param>
internal sealed class ContextHandlers(
    ContextRequests requests, ContextReader reader, GridMetrics metrics)
{
    // What a refused answer may add to the trailers: within what clients take as headers (8 KiB by default).
    private const int RefusedAnswerBytesMax = 4096;

    // What is left of a deadline brings an answer that lacks some entities to its client in time.
    private const double PatienceShare = 0.8;

    private readonly ScratchPool<Scratch> _pool = new(() => new Scratch(), s => s.Bytes);

    /// <summary>Answers a request given as bytes.</summary>
    internal async ValueTask GetContextAsync(
        ReadOnlySequence<byte> request, IBufferWriter<byte> response, GrpcCallContext call)
    {
        GetContextRequest parsed = GrpcParsing.Parse(GetContextRequest.Parser, request);
        Scratch scratch = _pool.Take();
        scratch.Patience = call.Remaining * PatienceShare;
        await AnswerAsync(parsed, -1, scratch, call.CancellationToken).ConfigureAwait(false);
        response.Write(scratch.Writer.Written);
        _pool.Give(scratch);
    }

    /// <summary>Answers a request given as a message.</summary>
    internal async ValueTask<GetContextResponse> GetContextAsync(
        GetContextRequest request, CancellationToken cancellationToken) =>
        (await ExplainAsync(request, -1, cancellationToken).ConfigureAwait(false)).Response;

    /// <summary>
    /// Answers a request given as a message, and tells the window that the value of one aggregate feature comes from.
    /// </summary>
    /// <param name="request">The request, of one entity.</param>
    /// <param name="explained">The feature's index; −1: none is explained.</param>
    /// <param name="cancellationToken">The caller's deadline.</param>
    internal async ValueTask<(GetContextResponse Response, (long StartMs, long EndMs, long Events) Window)>
        ExplainAsync(GetContextRequest request, int explained, CancellationToken cancellationToken)
    {
        Scratch scratch = _pool.Take();
        scratch.Patience = null;
        await AnswerAsync(request, explained, scratch, cancellationToken).ConfigureAwait(false);
        var answer = (GetContextResponse.Parser.ParseFrom(scratch.Writer.Written), scratch.Answer.Explained);
        _pool.Give(scratch);
        return answer;
    }

    /// <summary>
    /// Answers a request given as a message, and tells of each entity when its values can change without an event.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="nextMs">Filled with milliseconds since the Unix epoch, one an entity;
    /// <see cref="long.MaxValue"/>: never.</param>
    /// <param name="cancellationToken">The caller's deadline.</param>
    internal async ValueTask<GetContextResponse> WatchAsync(
        GetContextRequest request, List<long> nextMs, CancellationToken cancellationToken)
    {
        Scratch scratch = _pool.Take();
        scratch.Patience = null;
        scratch.NextMs = nextMs;
        await AnswerAsync(request, -1, scratch, cancellationToken).ConfigureAwait(false);
        GetContextResponse response = GetContextResponse.Parser.ParseFrom(scratch.Writer.Written);
        _pool.Give(scratch);
        return response;
    }

    private async ValueTask AnswerAsync(
        GetContextRequest request, int explained, Scratch scratch, CancellationToken cancellationToken)
    {
        requests.Fill(request, scratch.Query);
        scratch.Query.Patience = scratch.Patience;
        scratch.Query.Explained = explained;
        scratch.Query.TellsNextChange = scratch.NextMs is not null;
        ContextOutcome outcome;
        try
        {
            outcome = await reader.ReadAsync(scratch.Query, scratch.Answer, cancellationToken).ConfigureAwait(false);
        }
        catch (ArgumentException e)
        {
            throw new GrpcException(
                GrpcStatus.InvalidArgument, e.Message, GrpcErrorDetails.BadRequest(("min_position", e.Message)));
        }

        scratch.Writer.Reset();
        ContextWire.Write(scratch.Writer, scratch.Query, scratch.Answer, outcome);
        TellNextChanges(scratch);
        scratch.Answer.Clear();
        if (outcome.IsTooStale)
        {
            metrics.CountQuery("too_stale", 0);
            throw TooStale(scratch, outcome);
        }

        metrics.CountQuery("ok", scratch.Query.ValueCount);
    }

    private static void TellNextChanges(Scratch scratch)
    {
        for (int i = 0; scratch.NextMs is not null && i < scratch.Query.Count; i++)
        {
            scratch.NextMs.Add(scratch.Answer.NextChangeMs(i));
        }

        scratch.NextMs = null;
    }

    private static GrpcException TooStale(Scratch scratch, in ContextOutcome outcome)
    {
        var info = GrpcErrorDetails.ErrorInfo(
            "TOO_STALE", ("lag_ms", outcome.LagMs.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        string message = $"The source is {outcome.LagMs} ms behind, more than max_staleness allows.";
        return scratch.Writer.Written.Length > RefusedAnswerBytesMax
            ? new GrpcException(GrpcStatus.FailedPrecondition, message, info)
            : new GrpcException(
                GrpcStatus.FailedPrecondition,
                message,
                info,
                GetContextResponse.Parser.ParseFrom(scratch.Writer.Written));
    }

    /// <summary>What one call needs, reused by the next.</summary>
    private sealed class Scratch
    {
        internal ContextQuery Query { get; } = new();

        internal ContextAnswer Answer { get; } = new();

        internal TimeSpan? Patience { get; set; }

        /// <summary>Takes when the entities' values can change without an event; null: it is not asked.</summary>
        internal List<long>? NextMs { get; set; }

        internal ProtoWriter Writer { get; } = new();

        internal long Bytes => Query.BufferBytes + Answer.BufferBytes + Writer.BufferBytes;
    }
}
