using System.IO.Pipelines;
using ContextGrid.Runtime.Diagnostics;
using Microsoft.AspNetCore.Connections;

namespace ContextGrid.Server.Limits;

/// <summary>
/// The first thing that a connection of one port meets. Lets it in while there is room; says no in the port's protocol
/// otherwise. One that has not said anything yet is cut after a while, and at once when its place is wanted: a flood of
/// connections that never send keeps nobody out. Thread-safe.
/// </summary>
/// <param name="connections">How many there may be.</param>
/// <param name="refusal">What is written to a connection for which there is no room.</param>
/// <param name="silent">Counts connections that have not said anything, and refusals of those that never did.</param>
/// <param name="silenceMax">How long a connection may say nothing.</param>
/// <param name="time">The clock.</param>
internal sealed class ConnectionGate(
    Limit connections, ReadOnlyMemory<byte> refusal, Limit silent, TimeSpan silenceMax, TimeProvider time)
{
    // Refused connections that are held a moment so that their clients can read why; beyond, they are just closed.
    private const int LingerMax = 256;

    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(1);

    private readonly LinkedList<Visitor> _silent = [];
    private int _lingering;

    /// <summary>Puts the gate in front of a port's protocol.</summary>
    internal ConnectionDelegate Guard(ConnectionDelegate next) => connection => ServeAsync(connection, next);

    private async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var visitor = new Visitor(connection);
        if (!Enter(visitor))
        {
            await RefuseAsync(connection).ConfigureAwait(false);
            return;
        }

        try
        {
            if (await SpeaksAsync(visitor).ConfigureAwait(false))
            {
                await next(connection).ConfigureAwait(false);
            }
        }
        finally
        {
            Leave(visitor);
        }
    }

    private bool Enter(Visitor visitor)
    {
        Visitor? oldest = null;
        lock (_silent)
        {
            if (connections.Used >= connections.Max && _silent.First is { } first)
            {
                // The newcomer takes the place over, so the count stays.
                oldest = first.Value;
                oldest.HasPlace = false;
                Hear(oldest);
            }
            else if (!connections.TryTake())
            {
                return false;
            }

            visitor.HasPlace = true;
            silent.TryTake();
            _silent.AddLast(visitor.Node);
        }

        if (oldest is not null)
        {
            silent.Refuse();
            oldest.Connection.Abort(new ConnectionAbortedException("It had sent nothing, and its place was wanted."));
        }

        return true;
    }

    private void Leave(Visitor visitor)
    {
        lock (_silent)
        {
            Hear(visitor);
            if (visitor.HasPlace)
            {
                connections.Give();
            }
        }
    }

    private void Hear(Visitor visitor)
    {
        if (visitor.Node.List is not null)
        {
            _silent.Remove(visitor.Node);
            silent.Give();
        }
    }

    // Looks at the first bytes and leaves them where they are.
    private async ValueTask<bool> SpeaksAsync(Visitor visitor)
    {
        PipeReader input = visitor.Connection.Transport.Input;
        using var limit = new CancellationTokenSource(silenceMax, time);
        try
        {
            ReadResult first = await input.ReadAsync(limit.Token).ConfigureAwait(false);
            input.AdvanceTo(first.Buffer.Start);
            lock (_silent)
            {
                Hear(visitor);
                return visitor.HasPlace && !first.Buffer.IsEmpty;
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            silent.Refuse();
            return false;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client went, or its place was taken.
            return false;
        }
    }

    private async Task RefuseAsync(ConnectionContext connection)
    {
        bool mayLinger = Interlocked.Increment(ref _lingering) <= LingerMax;
        try
        {
            await connection.Transport.Output.WriteAsync(refusal, connection.ConnectionClosed).ConfigureAwait(false);
            if (mayLinger)
            {
                await DrainAsync(connection).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client did not stay to hear why.
        }
        finally
        {
            Interlocked.Decrement(ref _lingering);
        }
    }

    // A close with unread bytes resets the connection, and the client may lose what was said; so they are read.
    private async Task DrainAsync(ConnectionContext connection)
    {
        using var limit = new CancellationTokenSource(LingerTime, time);
        PipeReader input = connection.Transport.Input;
        while (true)
        {
            ReadResult read = await input.ReadAsync(limit.Token).ConfigureAwait(false);
            input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>One connection at the gate. Guarded by the list of silent ones.</summary>
    private sealed class Visitor
    {
        internal Visitor(ConnectionContext connection)
        {
            Connection = connection;
            Node = new LinkedListNode<Visitor>(this);
        }

        internal ConnectionContext Connection { get; }

        internal LinkedListNode<Visitor> Node { get; }

        internal bool HasPlace { get; set; }
    }
}
