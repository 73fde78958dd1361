using System.Buffers;
using System.Collections.Concurrent;
using System.Threading.Channels;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Limits;

namespace ContextGrid.Server.Services;

/// <summary>IngestService: takes events in and says what became of each. Thread-safe.</summary>
/// <param name="publisher">Checks and appends.</param>
/// <param name="definitions">Knows the topics.</param>
/// <param name="limits">How much may wait for the disk.</param>
internal sealed class IngestHandlers(EventPublisher publisher, DefinitionSet definitions, ServerGates limits)
{
    /// <summary>Batches of one stream that are under way at a time: enough to hide the disk's latency.</summary>
    internal const int StreamBatchesMax = 16;

    private readonly ConcurrentBag<PublishBatch> _pool = [];

    /// <summary>IngestService.Publish.</summary>
    internal ValueTask<PublishResponse> PublishAsync(PublishRequest request, CancellationToken cancellationToken)
    {
        PublishBatch batch = Rent();
        batch.Fill(request);
        return PublishAsync(batch, cancellationToken);
    }

    /// <summary>
    /// IngestService.PublishStream: one response for each request, in their order. While one batch is on its way to the
    /// disk the next ones are checked; a client that does not read its responses is not read either.
    /// </summary>
    internal async ValueTask PublishStreamAsync(
        GrpcRequestReader<PublishRequest> requests, GrpcResponseWriter<PublishResponse> responses, GrpcCallContext call)
    {
        var pending = Channel.CreateBounded<Task<PublishResponse>>(StreamBatchesMax);
        Task answering = AnswerInOrderAsync(pending, requests, responses);
        try
        {
            while (await requests.ReadAsync(Read).ConfigureAwait(false) is { } batch)
            {
                Task<PublishResponse> publishing = limits.Turns.RunAsync(
                    () => PublishAsync(batch, call.CancellationToken), call.CancellationToken).AsTask();
                await pending.Writer.WriteAsync(publishing, call.CancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            // When answering has failed, that is the cause and is thrown here.
            pending.Writer.TryComplete();
            await answering.ConfigureAwait(false);
            throw;
        }
        finally
        {
            pending.Writer.TryComplete();
        }

        await answering.ConfigureAwait(false);
    }

    /// <summary>The event that a topic holds; null: none.</summary>
    internal EventDefinition? FindEvent(string topic) =>
        definitions.EventOf(topic) is >= 0 and var index ? definitions.Events[index] : null;

    /// <summary>Publishes items to a topic; the HTTP twin comes in here.</summary>
    internal ValueTask<PublishResponse> PublishInTurnAsync(
        string topic, IReadOnlyList<PublishItem> items, bool keepInvalid, CancellationToken cancellationToken) =>
        limits.Turns.RunAsync(
            () => PublishAsync(topic, items, keepInvalid, cancellationToken), cancellationToken);

    private async ValueTask<PublishResponse> PublishAsync(
        string topic, IReadOnlyList<PublishItem> items, bool keepInvalid, CancellationToken cancellationToken)
    {
        try
        {
            PublishOutcome outcome = await publisher.PublishAsync(topic, items, keepInvalid, cancellationToken)
                .ConfigureAwait(false);
            return Response(topic, outcome);
        }
        catch (UnknownTopicException)
        {
            string message = $"no event is defined for the topic '{topic}'"
                + NearestName.Suggest(topic, definitions.Topics);
            throw new GrpcException(
                GrpcStatus.NotFound,
                Sentence.End($"topic: {message}"),
                GrpcErrorDetails.ErrorInfo("UNKNOWN_TOPIC", ("topic", topic)));
        }
        catch (EventLogException e) when (e.Error is EventLogError.Full or EventLogError.Busy)
        {
            limits.LogBytes.Refuse();
            throw new GrpcException(
                GrpcStatus.ResourceExhausted,
                e.Message,
                GrpcErrorDetails.ErrorInfo(e.Error == EventLogError.Full ? "LOG_FULL" : "LOG_BUSY"),
                GrpcErrorDetails.RetryInfo(TimeSpan.FromSeconds(1)));
        }
        catch (EventLogException e) when (e.Error == EventLogError.Denied)
        {
            throw new GrpcException(
                GrpcStatus.PermissionDenied, e.Message, GrpcErrorDetails.ErrorInfo("LOG_DENIED", ("topic", topic)));
        }
        catch (EventLogException e) when (e.Error is EventLogError.Unavailable)
        {
            throw new GrpcException(GrpcStatus.Unavailable, e.Message, GrpcErrorDetails.ErrorInfo("LOG_UNAVAILABLE"));
        }
    }

    private async ValueTask<PublishResponse> PublishAsync(PublishBatch batch, CancellationToken cancellationToken)
    {
        int events = batch.Items.Count;
        ContextRequests.Require(events > 0, "events", "name at least one event");
        ContextRequests.Require(
            events <= EventPublisher.EventsMax,
            "events",
            $"{events} events are in one call; at most {EventPublisher.EventsMax} are taken");
        ContextRequests.Require(
            batch.Invalid is InvalidEvents.Refuse or InvalidEvents.DeadLetter, "invalid", "the value is not known");

        // The events are in memory until the log has them; when the disk is slow, that is what piles up.
        long bytes = batch.EventBytes;
        limits.RequestBytes.Take(bytes);
        try
        {
            PublishResponse response = await PublishAsync(
                batch.Topic, batch.Items, batch.Invalid == InvalidEvents.DeadLetter, cancellationToken)
                .ConfigureAwait(false);

            // After a failure the batch is left to the garbage collector: a write that was given up may still read it.
            batch.Release();
            _pool.Add(batch);
            return response;
        }
        finally
        {
            limits.RequestBytes.Give(bytes);
        }
    }

    private PublishBatch Rent() => _pool.TryTake(out PublishBatch? batch) ? batch : new PublishBatch();

    private PublishBatch Read(ReadOnlySequence<byte> message)
    {
        PublishBatch batch = Rent();
        batch.Fill(message);
        return batch;
    }

    private static async Task AnswerInOrderAsync(
        Channel<Task<PublishResponse>> pending,
        GrpcRequestReader<PublishRequest> requests,
        GrpcResponseWriter<PublishResponse> responses)
    {
        try
        {
            await foreach (Task<PublishResponse> publishing in pending.Reader.ReadAllAsync().ConfigureAwait(false))
            {
                await responses.WriteAsync(await publishing.ConfigureAwait(false)).ConfigureAwait(false);
            }
        }
        catch
        {
            // The client may wait for this answer and send nothing, or there may be no room for what it has sent:
            // either wait must end, or nobody hears of the failure.
            pending.Writer.TryComplete();
            requests.CancelRead();
            throw;
        }
    }

    private static PublishResponse Response(string topic, PublishOutcome outcome)
    {
        var response = new PublishResponse
        {
            Accepted = outcome.Accepted,
            IdScope = (Contracts.V1.IdScope)outcome.IdScope,
        };
        if (outcome.Ids is { } ids)
        {
            (response.Duplicates, response.Conflicts, response.OnOtherPartition) =
                (ids.Duplicates, ids.Conflicts, ids.Elsewhere);
        }

        foreach (RecordPosition position in outcome.Positions)
        {
            response.Positions.Add(
                new SourcePosition { Topic = topic, Partition = position.Partition, Offset = position.Offset });
        }

        foreach (RefusedItem refused in outcome.Refused)
        {
            var item = new RefusedEvent { Index = refused.Index, Reason = refused.Reason, Message = refused.Message };
            if (refused.DeadLetter >= 0)
            {
                item.DeadLetter = new SourcePosition
                {
                    Topic = Runtime.Embedded.DeadLetterTopic.Name,
                    Partition = 0,
                    Offset = refused.DeadLetter,
                };
            }

            response.Refused.Add(item);
        }

        return response;
    }
}
