using System.Text;
using ContextGrid.Orleans.Topology;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Topology;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace ContextGrid.Orleans.Tests.Topology;

/// <summary>Messages between silos of this process, over real connections.</summary>
public sealed class OrleansTransportTests
{
    [Fact]
    public async Task Call_AnotherSilo_BytesGoThereAndBack()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        var receiver = new Receiver();
        Listen(second, receiver);
        byte[] message = new byte[1 << 20];
        new Random(1).NextBytes(message);
        foreach (SiloHost asked in (SiloHost[])[first, second])
        {
            ReadOnlyMemory<byte> answer = await Transport(asked).CallAsync(
                Address(second), ShardMessage.Deliver, message, CancellationToken.None);
            Assert.Equal([(byte)ShardMessage.Deliver, .. message], answer.ToArray());
            Assert.Equal(Address(asked), receiver.From);
        }

        Assert.Empty((await Transport(first).CallAsync(
            Address(second), ShardMessage.OwnershipChanged, default, CancellationToken.None)).ToArray());
    }

    [Fact]
    public async Task Call_Any_IsHandledOnTheDefaultScheduler()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        var schedulers = new List<TaskScheduler>();
        byte[] ours = "of this test"u8.ToArray(); // The silos have messages of their own.
        Listen(second, new Receiver
        {
            Handle = async message =>
            {
                if (!message.Span.SequenceEqual(ours))
                {
                    return default;
                }

                schedulers.Add(TaskScheduler.Current);
                await Task.Yield();
                schedulers.Add(TaskScheduler.Current);
                return default;
            },
        });
        await Transport(first).CallAsync(Address(second), ShardMessage.Read, ours, CancellationToken.None);
        await Transport(second).CallAsync(Address(second), ShardMessage.Read, ours, CancellationToken.None);
        Assert.Equal(4, schedulers.Count);
        Assert.All(schedulers, s => Assert.Same(TaskScheduler.Default, s));
    }

    [Fact]
    public async Task Call_OneDoesNotEnd_OthersGoOn()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        var slow = new TaskCompletionSource<ReadOnlyMemory<byte>>();
        Listen(second, new Receiver { Handle = m => m.Span[0] == 1 ? new(slow.Task) : new(m) });
        Task<ReadOnlyMemory<byte>> waits = Transport(first).CallAsync(
            Address(second), ShardMessage.Read, new byte[] { 1 }, CancellationToken.None).AsTask();
        for (int i = 0; i < 100; i++)
        {
            await Transport(first).CallAsync(
                Address(second), ShardMessage.Read, new byte[] { 2 }, CancellationToken.None);
        }

        Assert.False(waits.IsCompleted);
        slow.SetResult(new byte[] { 7 });
        Assert.Equal([7], (await waits).ToArray());
    }

    [Fact]
    public async Task Call_ReceiverFails_SentenceComesBack()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        Listen(second, null);
        await RequireFaultAsync(first, Address(second), "takes no messages yet");
        Exception? thrown = null;
        Listen(second, new Receiver { Handle = _ => throw thrown! });
        foreach ((Exception e, string sentence) in ((Exception, string)[])
            [
                (new SnapshotStoreException("The disk of the states is away."), "The disk of the states is away."),
                (new NullReferenceException(), "a silo failed, and its log tells why"),
                (new OperationCanceledException(), "a silo did not answer in time"),
            ])
        {
            thrown = e;
            await RequireFaultAsync(first, Address(second), sentence);
            await RequireFaultAsync(second, Address(second), sentence);
        }
    }

    [Fact]
    public async Task Call_MoreBytesThanAllowed_IsRefusedInBothDirections()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        byte[] most = new byte[OrleansTransport.MessageBytesMax];
        var receiver = new Receiver { Handle = m => new(m) };
        Listen(second, receiver);
        Assert.Equal(most.Length, (await Transport(first).CallAsync(
            Address(second), ShardMessage.Read, most, CancellationToken.None)).Length);
        string sentence = await RequireFaultAsync(
            first, Address(second), "the message (Read) has 16,777,217 bytes", new byte[most.Length + 1]);
        Assert.Contains("at most 16,777,216 at once", sentence, StringComparison.Ordinal);
        receiver.Handle = _ => new(new byte[most.Length + 1]);
        await RequireFaultAsync(first, Address(second), "the answer (Read) has 16,777,217 bytes");
    }

    [Fact]
    public async Task Call_CancelledBySender_EndsAtBothEnds()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        var receiver = new Receiver();
        var arrived = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        receiver.Handle = async _ =>
        {
            arrived.SetResult();
            await Task.Delay(Timeout.Infinite, receiver.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ended.SetResult();
            return default;
        };
        Listen(second, receiver);
        using var stop = new CancellationTokenSource();
        Task call = Transport(first).CallAsync(Address(second), ShardMessage.Read, default, stop.Token).AsTask();
        await arrived.Task;
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await ended.Task.WaitAsync(ClusterFixture.Limit);
    }

    [Fact]
    public async Task Call_SiloThatIsGone_FailsAtOnceAndEndsThatWait()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        SiloHost third = await cluster.StartAsync();
        string gone = Address(third);
        var arrived = new TaskCompletionSource();
        Listen(third, new Receiver
        {
            Handle = _ =>
            {
                arrived.SetResult();
                return new(new TaskCompletionSource<ReadOnlyMemory<byte>>().Task);
            },
        });
        Task waits = Transport(first).CallAsync(gone, ShardMessage.Read, default, CancellationToken.None).AsTask();
        await arrived.Task;
        await third.CrashAsync();
        await Assert.ThrowsAsync<ShardCallException>(() => waits.WaitAsync(TimeSpan.FromSeconds(20)));
        await MembershipCases.UntilDeadAsync(first, gone);
        string sentence = await RequireFaultAsync(first, gone, "the silo is gone");
        Assert.DoesNotContain("@", sentence, StringComparison.Ordinal);
        await RequireFaultAsync(first, "", "the silo is gone");
    }

    [Fact]
    public void Write_CallThatHasEnded_DoesNotReadItsBytes()
    {
        using ServiceProvider services = new ServiceCollection().AddSerializer(_ => { }).BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        byte[] buffer = Encoding.ASCII.GetBytes("the sender's buffer");
        var call = new ShardCall(ShardMessage.Deliver, buffer);
        ShardCall read = serializer.Deserialize<ShardCall>(serializer.SerializeToArray(call))!; // Never null.
        Assert.Equal((ShardMessage.Deliver, false), (read.Kind, read.IsGivenUp));
        Assert.Equal(buffer, read.Bytes.ToArray());
        call.GiveUp();
        read = serializer.Deserialize<ShardCall>(serializer.SerializeToArray(call))!; // Never null.
        Assert.True(read.IsGivenUp);
        Assert.Empty(read.Bytes.ToArray());
    }

    private static OrleansTransport Transport(SiloHost silo) => silo.Services.GetRequiredService<OrleansTransport>();

    private static string Address(SiloHost silo) => silo.Address.ToParsableString();

    private static void Listen(SiloHost silo, IShardReceiver? receiver) =>
        silo.Services.GetRequiredService<ShardInbox>().Receiver = receiver;

    private static async Task<string> RequireFaultAsync(
        SiloHost silo, string address, string part, byte[]? message = null)
    {
        ShardCallException fault = await Assert.ThrowsAsync<ShardCallException>(async () =>
            await Transport(silo).CallAsync(address, ShardMessage.Read, message, CancellationToken.None));
        Assert.Contains(part, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", fault.Message, StringComparison.Ordinal);
        return fault.Message;
    }

    /// <summary>Answers with the kind and the message, or as it is told.</summary>
    private sealed class Receiver : IShardReceiver
    {
        internal Func<ReadOnlyMemory<byte>, ValueTask<ReadOnlyMemory<byte>>>? Handle { get; set; }

        internal string? From { get; private set; }

        internal CancellationToken Token { get; private set; }

        public ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(
            string from, ShardMessage kind, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
        {
            (From, Token) = (from, cancellationToken);
            return Handle is not null ? Handle(message)
                : message.IsEmpty ? default
                : new(new byte[] { (byte)kind }.Concat(message.ToArray()).ToArray());
        }
    }
}
