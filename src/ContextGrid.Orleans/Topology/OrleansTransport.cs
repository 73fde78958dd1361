using ContextGrid.Runtime.Topology;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Topology;

/// <summary>
/// Messages between silos, over the connections of Orleans: a call goes to the <see cref="ShardService"/> of the silo
/// that is named, which has it handled by its <see cref="ShardInbox"/>. Nothing is copied but what is written to and
/// read from the connection. Thread-safe.
/// </summary>
/// <remarks>
/// Every fault is a <see cref="ShardCallException"/> with a sentence. A silo that is known to be dead is not called,
/// and calls that wait for one end when it is declared dead; a silo that is neither dead nor answers is given up after
/// the response timeout of Orleans, 30 seconds.
/// </remarks>
internal sealed class OrleansTransport(ShardServices services, ShardInbox inbox, IMembershipView members)
    : IShardTransport
{
    /// <summary>A message or an answer has at most so many bytes. Orleans refuses 100 MiB, which would hold up what is
    /// behind it on the same connection for too long.</summary>
    internal const int MessageBytesMax = 16 << 20;

    /// <inheritdoc/>
    /// <exception cref="ShardCallException">There is no answer; the message says why.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> CallAsync(
        string address, ShardMessage kind, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (message.Length > MessageBytesMax)
        {
            throw new ShardCallException(ShardInbox.TooLarge("message", kind, message.Length));
        }

        ShardReply reply = await AskAsync(address, new ShardCall(kind, message), cancellationToken);
        return reply.Fault is { } fault ? throw new ShardCallException($"{People(address)}: {fault}") : reply.Bytes;
    }

    private async ValueTask<ShardReply> AskAsync(string address, ShardCall call, CancellationToken cancellationToken)
    {
        try
        {
            if (address == members.Self)
            {
                return await inbox.HandleAsync(address, call, cancellationToken);
            }

            if (members.IsDead(address))
            {
                return new ShardReply(default, "the silo is gone");
            }

            return await services.At(SiloAddress.FromParsableString(address)).HandleAsync(
                members.Self, call, cancellationToken);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException)
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new ShardCallException($"{People(address)}: {SiloFaults.Sentence(e)}", e);
        }
        finally
        {
            call.GiveUp();
        }
    }

    // Without the generation, which tells people nothing.
    private static string People(string address) => address.Split('@')[0];
}
