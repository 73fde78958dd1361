using ContextGrid.Runtime.Topology;
using ContextGrid.Simulation.Tests.Machine;

namespace ContextGrid.Simulation.Tests.Cluster;

/// <summary>
/// The network between processes: messages take time, are lost on their way there or back, come twice, or come long
/// after their sender has given up. What a message brings is handled where the receiver runs: one that is paused
/// handles it when it wakes up.
/// </summary>
/// <param name="clock">The world's clock.</param>
/// <param name="random">Decides.</param>
internal sealed class SimulatedNetwork(SimulatedClock clock, Random random)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, (SimulatedContext Context, IShardReceiver Receiver)> _receivers =
        new(StringComparer.Ordinal);

    private readonly HashSet<(string, string)> _cut = [];

    /// <summary>How long a message takes at most.</summary>
    public TimeSpan WayMax { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The probability that a message, or its answer, is lost.</summary>
    public double Loses { get; set; }

    /// <summary>The probability that a message comes twice.</summary>
    public double Repeats { get; set; }

    /// <summary>The probability that a message comes when its sender has given up.</summary>
    public double ComesLate { get; set; }

    /// <summary>How many messages were handled.</summary>
    public long Handled { get; private set; }

    /// <summary>Makes a process reachable.</summary>
    public void Listen(string address, SimulatedContext context, IShardReceiver receiver) =>
        _receivers[address] = (context, receiver);

    /// <summary>The transport of one process.</summary>
    public IShardTransport TransportOf(string address, SimulatedContext context) =>
        new Transport(this, address, context);

    /// <summary>From now on nothing goes from one process to the other, in neither direction, or it does again.
    /// </summary>
    public void Cut(string a, string b, bool isCut)
    {
        (string, string) link = string.CompareOrdinal(a, b) < 0 ? (a, b) : (b, a);
        _ = isCut ? _cut.Add(link) : _cut.Remove(link);
    }

    /// <summary>Nothing is lost, repeated, late or cut any more.</summary>
    public void Heal()
    {
        (Loses, Repeats, ComesLate) = (0, 0, 0);
        _cut.Clear();
    }

    private bool Happens(double probability) => probability > 0 && random.NextDouble() < probability;

    private bool IsCut(string a, string b) => _cut.Contains(string.CompareOrdinal(a, b) < 0 ? (a, b) : (b, a));

    // The network carries on whatever becomes of the sender, so its timers belong to nobody.
    private void After(TimeSpan wait, Action then)
    {
        SynchronizationContext? caller = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        clock.CreateTimer(_ => then(), null, wait, Timeout.InfiniteTimeSpan);
        SynchronizationContext.SetSynchronizationContext(caller);
    }

    private void Carry(
        string from, string to, ShardMessage kind, byte[] message, Action<byte[]?, Exception?> answer)
    {
        TimeSpan way = WayMax * random.NextDouble();
        if (Happens(ComesLate))
        {
            way += Limit + (TimeSpan.FromSeconds(20) * random.NextDouble());
        }

        int times = IsCut(from, to) || Happens(Loses) ? 0 : Happens(Repeats) ? 2 : 1;
        for (int i = 0; i < times; i++)
        {
            TimeSpan again = TimeSpan.FromSeconds(i * 3) * random.NextDouble();
            After(way + again, () => Arrive(from, to, kind, message, answer));
        }

        After(Limit, () => answer(null, new TimeoutException($"{to} did not answer in time.")));
    }

    private void Arrive(
        string from, string to, ShardMessage kind, byte[] message, Action<byte[]?, Exception?> answer)
    {
        if (!_receivers.TryGetValue(to, out (SimulatedContext Context, IShardReceiver Receiver) found)
            || found.Context.IsDead)
        {
            answer(null, new IOException($"{to} refuses the connection."));
            return;
        }

        found.Context.Post(async _ => await HandleAsync(from, to, found.Receiver, kind, message, answer), null);
    }

    private async Task HandleAsync(
        string from,
        string to,
        IShardReceiver receiver,
        ShardMessage kind,
        byte[] message,
        Action<byte[]?, Exception?> answer)
    {
        byte[]? reply = null;
        Exception? fault = null;
        try
        {
            Handled++;
            reply = (await receiver.ReceiveAsync(from, kind, message, CancellationToken.None)).ToArray();
        }
        catch (Exception e) when (e is not SimulatedCrashException)
        {
            // As from another process: what kind of exception it was there is not known here.
            fault = new IOException($"{to}: {e.Message}");
        }

        if (!IsCut(from, to) && !Happens(Loses))
        {
            After(WayMax * random.NextDouble(), () => answer(reply, fault));
        }
    }

    private sealed class Transport(SimulatedNetwork network, string from, SimulatedContext context) : IShardTransport
    {
        public async ValueTask<ReadOnlyMemory<byte>> CallAsync(
            string address, ShardMessage kind, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
        {
            var answered = new TaskCompletionSource<ReadOnlyMemory<byte>>();
            using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
                _ => answered.TrySetCanceled(cancellationToken), null);
            network.Carry(from, address, kind, message.ToArray(), (reply, fault) => context.Post(
                _ => _ = fault is null ? answered.TrySetResult(reply) : answered.TrySetException(fault), null));
            return await answered.Task;
        }
    }
}
