using System.Diagnostics;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Demo;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>An embedded host in a directory of its own, and simulated payments for it.</summary>
internal sealed class EmbeddedWork : IAsyncDisposable
{
    private const int BatchEvents = 1_000;
    private const int BatchesAhead = 16;

    private readonly string _directory;
    private readonly PaymentGenerator _payments;
    private readonly int _producers;

    private EmbeddedWork(string directory, EmbeddedHost host, TrafficShape shape, int producers)
    {
        (_directory, Host, Shape, _producers) = (directory, host, shape, producers);
        _payments = new PaymentGenerator(shape);
    }

    internal EmbeddedHost Host { get; private set; }

    internal TrafficShape Shape { get; }

    /// <summary>Payments published so far.</summary>
    internal long Published { get; private set; }

    /// <summary>Opens a host for payments that end about now.</summary>
    internal static async Task<EmbeddedWork> OpenAsync(Arguments arguments, int users, long events)
    {
        string directory = Directory.CreateTempSubdirectory("contextgrid-embedded-").FullName;
        DefinitionSet definitions = Payments.Read(arguments);
        const double MinutesMax = 33 * 60_000.0;
        double stepMs = Math.Min(1, MinutesMax / events);
        long nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var shape = new TrafficShape(users, 42, nowMs - (long)(events * stepMs), stepMs);
        return new EmbeddedWork(
            directory, await StartAsync(definitions, directory), shape, arguments.Count("producers", 2));
    }

    /// <summary>Stops the host with a last checkpoint and starts it again; how long the start took.</summary>
    internal async Task<TimeSpan> RestartAsync()
    {
        DefinitionSet definitions = Host.Definitions;
        await Host.DisposeAsync();
        long started = Stopwatch.GetTimestamp();
        Host = await StartAsync(definitions, _directory);
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Makes payloads beforehand, so that what is measured is not the simulation.</summary>
    internal PublishItem[][] Prepare(long events)
    {
        var batches = new PublishItem[(int)((events + BatchEvents - 1) / BatchEvents)][];
        Parallel.For(0, batches.Length, b => batches[b] = Batch(
            Published + ((long)b * BatchEvents), (int)Math.Min(BatchEvents, events - ((long)b * BatchEvents))));
        Published += events;
        return batches;
    }

    /// <summary>The payments from an index on.</summary>
    internal PublishItem[] Batch(long first, int count)
    {
        byte[] buffer = new byte[count * TrafficShape.EventBytesMax];
        var items = new PublishItem[count];
        int used = 0;
        for (int i = 0; i < count; i++)
        {
            int length = _payments.Write(first + i, buffer.AsSpan(used));
            items[i] = new PublishItem(buffer.AsMemory(used, length), default);
            used += length;
        }

        return items;
    }

    /// <summary>Publishes batches as fast as it goes; returns when every query sees them.</summary>
    internal async Task<TimeSpan> PublishAsync(PublishItem[][] batches)
    {
        long started = Stopwatch.GetTimestamp(), before = Applied();
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, _producers).Select(_ => Task.Run(async () =>
        {
            var underWay = new Queue<Task>();
            for (int b; (b = Interlocked.Increment(ref next)) < batches.Length;)
            {
                underWay.Enqueue(Host.Publisher
                    .PublishAsync(PaymentGenerator.Topic, batches[b], false, CancellationToken.None).AsTask());
                if (underWay.Count >= BatchesAhead / _producers)
                {
                    await underWay.Dequeue();
                }
            }

            await Task.WhenAll(underWay);
        })));
        await AppliedAsync(before + batches.Sum(b => (long)b.Length));
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Records applied by now.</summary>
    internal long Applied() => Host.Progress.Sum(p => p.Next);

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task AppliedAsync(long target)
    {
        while (Applied() < target)
        {
            await Task.Delay(1);
        }
    }

    private static Task<EmbeddedHost> StartAsync(DefinitionSet definitions, string directory) =>
        EmbeddedHost.StartAsync(
            new EmbeddedHostOptions { Definitions = definitions, DataDirectory = directory },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None);
}
