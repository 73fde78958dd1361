using System.Diagnostics;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Demo;
using Google.Protobuf;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>
/// Rung: payments over one gRPC stream: to durable, and to queryable. With --rate they come evenly for --seconds, as
/// the load beside another measurement.
/// </summary>
internal static class PublishRung
{
    private const int BatchEvents = 5_000;
    private const int BatchesAhead = 8;
    private const int SliceMs = 10;

    internal static async Task RunAsync(Arguments arguments)
    {
        using var client = new ContextGridClient(new Uri(arguments.Text("server", "")));
        double rate = arguments.Number("rate", 0);
        int events = arguments.Count("events", 1_000_000), users = arguments.Count("users", 100_000);
        long nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        if (rate > 0)
        {
            await EvenlyAsync(client, users, nowMs, rate, arguments.Number("seconds", 20));
            return;
        }

        PublishRequest[] batches = Prepare(users, events, nowMs - events, stepMs: 1);
        long before = (await client.GetStatusAsync()).EventsApplied, started = Stopwatch.GetTimestamp();
        await StreamAsync(client, batches);
        double durable = events / Stopwatch.GetElapsedTime(started).TotalSeconds;
        while ((await client.GetStatusAsync()).EventsApplied < before + events)
        {
            await Task.Delay(1);
        }

        double queryable = events / Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (arguments.Count("quiet", 0) == 0)
        {
            new Row("grpc", "publish over one stream: JSON to durable log", "events/s", durable).Print();
            new Row("grpc", "publish over one stream: JSON to queryable", "events/s", queryable, "≥ 200,000").Print();
        }
    }

    private static PublishRequest[] Prepare(int users, int events, long startMs, double stepMs)
    {
        var payments = new PaymentGenerator(new TrafficShape(users, 42, startMs, stepMs));
        var batches = new PublishRequest[(events + BatchEvents - 1) / BatchEvents];
        Parallel.For(0, batches.Length, b => batches[b] = Batch(
            payments, (long)b * BatchEvents, Math.Min(BatchEvents, events - (b * BatchEvents))));
        return batches;
    }

    private static PublishRequest Batch(PaymentGenerator payments, long first, int count)
    {
        var batch = new PublishRequest { Topic = PaymentGenerator.Topic };
        Span<byte> payload = stackalloc byte[TrafficShape.EventBytesMax];
        for (int i = 0; i < count; i++)
        {
            int length = payments.Write(first + i, payload);
            batch.Events.Add(new PublishEvent { Payload = ByteString.CopyFrom(payload[..length]) });
        }

        return batch;
    }

    private static async Task StreamAsync(ContextGridClient client, PublishRequest[] batches)
    {
        using PublishStream stream = client.OpenPublishStream();
        using var ahead = new SemaphoreSlim(BatchesAhead);
        Task writing = Task.Run(async () =>
        {
            foreach (PublishRequest batch in batches)
            {
                await ahead.WaitAsync();
                await stream.WriteAsync(batch);
            }

            stream.Complete();
        });
        await foreach (PublishResult _ in stream.ReadAllAsync())
        {
            ahead.Release();
        }

        await writing;
    }

    private static async Task EvenlyAsync(
        ContextGridClient client, int users, long startMs, double rate, double seconds)
    {
        int slice = (int)(rate * SliceMs / 1000);
        var payments = new PaymentGenerator(new TrafficShape(users, 43, startMs, 1000 / rate));
        using PublishStream stream = client.OpenPublishStream();
        var queue = System.Threading.Channels.Channel.CreateUnbounded<PublishRequest>();
        long first = 0;
        Task writing = Task.Run(async () =>
        {
            await foreach (PublishRequest batch in queue.Reader.ReadAllAsync())
            {
                await stream.WriteAsync(batch);
            }

            stream.Complete();
        });
        Task making = OpenLoop.RunAsync(1000.0 / SliceMs, seconds, _ =>
        {
            queue.Writer.TryWrite(Batch(payments, first, slice));
            first += slice;
        }).ContinueWith(_ => queue.Writer.Complete(), TaskScheduler.Default);
        await foreach (PublishResult _ in stream.ReadAllAsync())
        {
            // The answers say that the batches are durable; their time is not measured here.
        }

        await Task.WhenAll(making, writing);
    }
}
