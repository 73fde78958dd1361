using System.Runtime.CompilerServices;
using ContextGrid.Client.Transport;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Client;

/// <summary>
/// An open stream of batches: one answer for each, in their order. One task writes and one reads, at the same time;
/// the writer bounds how many batches are under way. Nothing is retried: an answer that did not come says nothing
/// about its batch.
/// </summary>
public sealed class PublishStream : IDisposable
{
    private readonly GrpcDuplexCall<PublishRequest, PublishResponse> _call;

    internal PublishStream(GrpcDuplexCall<PublishRequest, PublishResponse> call) => _call = call;

    /// <summary>Sends a batch; returns when the transport has taken it, which is not yet its acknowledgement.</summary>
    /// <param name="batch">The batch: 1 to 10,000 events; not kept.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="ContextGridException">The call is over; the reader's exception says why.</exception>
    public Task WriteAsync(PublishRequest batch, CancellationToken cancellation = default) =>
        _call.WriteAsync(batch, cancellation);

    /// <summary>Says that no further batch follows; the answers end after the last one's.</summary>
    public void Complete() => _call.Complete();

    /// <summary>Yields the answers in the order of the batches. To be enumerated once.</summary>
    /// <param name="cancellation">Cancels the wait for the next answer.</param>
    /// <exception cref="ContextGridException">The call failed, before or after some answers.</exception>
    public async IAsyncEnumerable<PublishResult> ReadAllAsync(
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var answer in _call.ReadAllAsync(cancellation))
            yield return new PublishResult(answer);
    }

    /// <summary>Ends the call. Batches without an answer may or may not be taken.</summary>
    public void Dispose() => _call.Dispose();
}
