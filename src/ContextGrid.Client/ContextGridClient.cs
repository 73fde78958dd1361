using ContextGrid.Client.Transport;
using ContextGrid.Contracts.V1;
using Google.Protobuf;

namespace ContextGrid.Client;

/// <summary>
/// Talks to a ContextGrid server by gRPC: h2c for http addresses, TLS for https. Thread-safe; make one a process and
/// share it. Every call throws <see cref="ContextGridException"/> when it fails and OperationCanceledException when
/// its token is cancelled.
/// </summary>
public sealed partial class ContextGridClient : IDisposable
{
    private readonly ContextGridClientOptions _options;
    private readonly GrpcChannel _channel;
    private readonly RetryPolicy _retries;

    /// <summary>Makes a client; it connects with the first call.</summary>
    /// <param name="address">The server's gRPC address, such as http://127.0.0.1:7081.</param>
    /// <param name="options">How it behaves; null: the defaults.</param>
    /// <exception cref="ArgumentException">The address is not absolute, or neither http nor https.</exception>
    public ContextGridClient(Uri address, ContextGridClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https"))
            throw new ArgumentException($"'{address}' is no address such as http://127.0.0.1:7081.", nameof(address));
        _options = options ?? new ContextGridClientOptions();
        _channel = new GrpcChannel(address, _options);
        _retries = new RetryPolicy(_options);
    }

    /// <summary>The server's address.</summary>
    public Uri Address => _channel.Address;

    /// <summary>Reads features of many entities, at one point in time.</summary>
    /// <param name="request">What to read.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="ContextGridException">
    /// InvalidArgument: an unknown type, or too much asked for; FailedPrecondition: too stale, with what it would have
    /// been in <see cref="ContextGridException.RefusedAnswer"/>; OutOfRange: before what the log retains.
    /// </exception>
    public async Task<ContextResult> GetAsync(ContextRequest request, CancellationToken cancellation = default) =>
        new(await CallAsync(ContextGridMethods.GetContext, request.ToMessage(), false, cancellation));

    /// <summary>Reads features of one entity as of now.</summary>
    /// <param name="type">The entity's type.</param>
    /// <param name="key">The entity's key.</param>
    /// <param name="features">Names of features; none: all.</param>
    /// <exception cref="ContextGridException">As of the other overload.</exception>
    public async Task<EntityResult> GetAsync(string type, string key, params string[] features)
    {
        var request = new ContextRequest { Entities = [new EntityId(type, key)], Features = features };
        var result = await GetAsync(request, CancellationToken.None);
        return result.Entities.Count == 1
            ? result.Entities[0]
            : throw new ContextGridException(GrpcStatusCode.Internal, "The answer has not the one entity asked for.");
    }

    /// <summary>Publishes a batch of JSON events; returns when the accepted ones are durable.</summary>
    /// <param name="topic">The topic's name.</param>
    /// <param name="events">The events, one JSON object each: 1 to 10,000, each at most 1 MiB.</param>
    /// <exception cref="ContextGridException">As of the other overload.</exception>
    public Task<PublishResult> PublishAsync(string topic, params IEnumerable<string> events)
    {
        var request = new PublishRequest { Topic = topic };
        foreach (var json in events)
            request.Events.Add(new PublishEvent { Payload = ByteString.CopyFromUtf8(json) });
        return PublishAsync(request, new PublishOptions(), CancellationToken.None);
    }

    /// <summary>Publishes a batch; returns when the accepted events are durable; a bad one fails alone.</summary>
    /// <param name="topic">The topic's name.</param>
    /// <param name="events">The events: 1 to 10,000, each at most 1 MiB.</param>
    /// <param name="options">How; null: the defaults.</param>
    /// <param name="cancellation">Cancels the call, whose outcome is then unknown.</param>
    /// <exception cref="ContextGridException">
    /// NotFound: unknown topic; InvalidArgument: too many events; ResourceExhausted: the log is full; Unavailable or
    /// DeadlineExceeded: the outcome is unknown unless <see cref="ContextGridException.RequestSent"/> is false.
    /// </exception>
    public Task<PublishResult> PublishAsync(
        string topic,
        IEnumerable<PublishEvent> events,
        PublishOptions? options = null,
        CancellationToken cancellation = default)
    {
        var request = new PublishRequest { Topic = topic };
        request.Events.AddRange(events);
        return PublishAsync(request, options ?? new PublishOptions(), cancellation);
    }

    /// <summary>Opens a stream of batches.</summary>
    /// <param name="cancellation">Cancels the stream.</param>
    public PublishStream OpenPublishStream(CancellationToken cancellation = default) =>
        new(_channel.Duplex(ContextGridMethods.PublishStream, cancellation));

    /// <summary>
    /// Yields the present context of the entities, then every change, coalesced. A broken connection is resumed where
    /// it broke, so that no state of an entity is missed for good; the attempts in a row without an answer are bounded
    /// by <see cref="ContextGridClientOptions.AttemptsMax"/>.
    /// </summary>
    /// <param name="request">What to watch.</param>
    /// <param name="cancellation">Ends the watch.</param>
    /// <exception cref="ContextGridException">The watch cannot go on.</exception>
    public IAsyncEnumerable<ContextChange> WatchAsync(
        WatchRequest request, CancellationToken cancellation = default) =>
        new WatchLoop(_channel, _retries, _options).RunAsync(request, cancellation);

    /// <summary>Says how one feature's value came about.</summary>
    /// <param name="entity">The entity.</param>
    /// <param name="feature">The feature's name.</param>
    /// <param name="asOf">At this event time; null: now.</param>
    /// <param name="newest">Whether the entity's newest event is the head; goes before <paramref name="asOf"/>.</param>
    /// <param name="cancellation">Cancels the call.</param>
    public Task<ExplainResponse> ExplainAsync(
        EntityId entity,
        string feature,
        DateTimeOffset? asOf = null,
        bool newest = false,
        CancellationToken cancellation = default)
    {
        var request = new ContextRequest { Entities = [entity], AsOf = asOf, Newest = newest }.ToMessage();
        var explain = new ExplainRequest { Entity = request.Entities[0], Feature = feature };
        if (request.HeadCase == GetContextRequest.HeadOneofCase.Newest)
            explain.Newest = true;
        else if (request.HeadCase == GetContextRequest.HeadOneofCase.AsOf)
            explain.AsOf = request.AsOf;
        return CallAsync(ContextGridMethods.Explain, explain, false, cancellation);
    }

    /// <summary>Says how the server is.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    public Task<GetStatusResponse> GetStatusAsync(CancellationToken cancellation = default) =>
        CallAsync(ContextGridMethods.GetStatus, new GetStatusRequest(), false, cancellation);

    /// <summary>Gives the definitions in force.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    public Task<GetDefinitionsResponse> GetDefinitionsAsync(CancellationToken cancellation = default) =>
        CallAsync(ContextGridMethods.GetDefinitions, new GetDefinitionsRequest(), false, cancellation);

    /// <summary>Copies the server's data directory while it runs; yields how far it is, at last with the summary.
    /// Leaving the enumeration early ends the backup, and nothing is left of it.</summary>
    /// <param name="to">An absolute path on the server's machine; missing, or an empty directory.</param>
    /// <param name="bytesPerSecondMax">At most so many; 0: the server's 100,000,000.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="ContextGridException">There is no backup; the message says why and what to do.</exception>
    public IAsyncEnumerable<BackupResponse> BackupAsync(
        string to, long bytesPerSecondMax = 0, CancellationToken cancellation = default)
    {
        var request = new BackupRequest { To = to, BytesPerSecondMax = bytesPerSecondMax };
        return _channel.ServerStreamAsync(ContextGridMethods.Backup, request, cancellation);
    }

    /// <summary>Closes the connections; calls under way fail.</summary>
    public void Dispose() => _channel.Dispose();

    private async Task<PublishResult> PublishAsync(
        PublishRequest request, PublishOptions options, CancellationToken cancellation)
    {
        request.Invalid = options.Invalid;
        return new PublishResult(
            await CallAsync(ContextGridMethods.Publish, request, options.EventsHaveIds, cancellation));
    }

    private Task<TResponse> CallAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, TRequest request, bool repeatable, CancellationToken cancellation)
        where TRequest : IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        _retries.RunAsync(
            repeatable || method.SafeToRepeat,
            remaining => _channel.UnaryAsync(method, request, remaining, cancellation),
            cancellation);
}
