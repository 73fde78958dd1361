using System.Globalization;
using ContextGrid.Runtime.Topology;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Orleans.Topology;

/// <summary>
/// Has messages handled by this silo's receiver, on threads of the pool: a grain's scheduler runs one piece of work
/// after the other, and would hold up what has nothing to do with each other. A fault becomes a sentence. Thread-safe.
/// </summary>
internal sealed partial class ShardInbox(ILogger<ShardInbox> log)
{
    private volatile IShardReceiver? _receiver;

    /// <summary>Who handles the messages; until one is set, senders are told that this silo starts.</summary>
    internal IShardReceiver? Receiver
    {
        get => _receiver;
        set => _receiver = value;
    }

    /// <summary>Handles a message.</summary>
    /// <param name="from">The sender's address.</param>
    /// <param name="call">The message.</param>
    /// <param name="cancellationToken">Cancelled when the sender does not wait any more.</param>
    internal ValueTask<ShardReply> HandleAsync(string from, ShardCall call, CancellationToken cancellationToken)
    {
        if (call.IsGivenUp)
        {
            return new(new ShardReply(default, "the sender has given the call up"));
        }

        // The token is the receiver's: a call that is cancelled before it begins has an answer, too.
        return new(Task.Run(() => ReceiveAsync(from, call, cancellationToken), CancellationToken.None));
    }

    private async Task<ShardReply> ReceiveAsync(string from, ShardCall call, CancellationToken cancellationToken)
    {
        if (_receiver is not { } receiver)
        {
            return new ShardReply(default, "the silo starts, and takes no messages yet");
        }

        try
        {
            ReadOnlyMemory<byte> answer = await receiver.ReceiveAsync(
                from, call.Kind, call.Bytes, cancellationToken);
            return answer.Length <= OrleansTransport.MessageBytesMax
                ? new ShardReply(answer, null)
                : new ShardReply(default, TooLarge("answer", call.Kind, answer.Length));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            if (SiloFaults.ForLog(e) is { } unknown
                && !(unknown is OperationCanceledException && cancellationToken.IsCancellationRequested))
            {
                LogFault(call.Kind, from, unknown);
            }

            return new ShardReply(default, SiloFaults.Sentence(e));
        }
    }

    /// <summary>Says that bytes are more than a message may have.</summary>
    internal static string TooLarge(string what, ShardMessage kind, int bytes) => string.Create(
        CultureInfo.InvariantCulture,
        $"the {what} ({kind}) has {bytes:N0} bytes, and silos send each other at most "
        + $"{OrleansTransport.MessageBytesMax:N0} at once");

    [LoggerMessage(Level = LogLevel.Warning, Message = "A message ({Kind}) of {From} could not be handled.")]
    private partial void LogFault(ShardMessage kind, string from, Exception fault);
}
