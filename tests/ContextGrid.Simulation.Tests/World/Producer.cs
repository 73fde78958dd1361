using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>Publishes events, as a producer with its own clock and its own patience does.</summary>
internal sealed class Producer(SimulatedWorld world, Random random, int number)
{
    private static readonly string[] Countries = ["DE", "FR", "IT", "PL", "US"];
    private readonly long _skewMs = world.Plan.Has(Faults.Skew) ? random.Next(-600_000, 600_000) : 0;
    private readonly List<(SimulatedEvent[] Events, long AtMs)> _sent = [];
    private int _made;

    public async Task RunAsync()
    {
        for (int i = 0; i < world.Plan.Batches; i++)
        {
            await Task.Delay(Pause(), world.Clock);
            bool pays = random.Next(3) > 0;
            int count = random.Next(8) == 0 ? random.Next(10, 30) : random.Next(1, 6);
            if (MayRepeat() && random.Next(6) == 0)
            {
                await RepeatAsync();
            }
            else
            {
                await PublishAsync([.. Enumerable.Range(0, count).Select(_ => Make(pays))]);
            }
        }
    }

    // Just now, long ago, or just when the ids are forgotten.
    private async Task RepeatAsync()
    {
        (SimulatedEvent[] events, long atMs) = _sent[random.Next(2) == 0 ? random.Next(_sent.Count) : _sent.Count - 1];
        long waitMs = atMs + SimulatedDefinitions.DedupeMs + random.Next(-1, 2) - world.ServerNowMs;
        if (waitMs > 0 && random.Next(2) == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(waitMs), world.Clock);
        }

        await PublishAsync(events);
    }

    // A producer that has restarted sends again what it sent long ago.
    private bool MayRepeat() => world.Plan.Has(Faults.Duplicates) && _sent.Count > 0;

    // Mostly busy, at times quiet for as long as windows are.
    private TimeSpan Pause() => random.Next(80) switch
    {
        0 => TimeSpan.FromMinutes(random.Next(10, 90)),
        < 8 => TimeSpan.FromSeconds(random.Next(10, 180)),
        _ => TimeSpan.FromMilliseconds(random.Next(1, 4_000)),
    };

    private SimulatedEvent Make(bool pays)
    {
        long lateMs = random.Next(6) == 0 ? random.Next(7_200_000) : random.Next(2_000);
        long timeMs = Math.Max(0, world.Clock.NowMs + _skewMs - lateMs);

        // Now and then an id is used again for another event. When retention has taken the first one, either may count.
        _made++;
        bool isUsedAgain = random.Next(30) == 0 && !world.Plan.Has(Faults.Retention);
        string id = $"p{number}-{(isUsedAgain ? random.Next(1, _made + 1) : _made)}", user = SimulatedKeys.User(random);
        string note = new('x', random.Next(3) == 0 ? random.Next(600) : 0);
        SimulatedEvent e = pays
            ? SimulatedEvent.Payment(
                timeMs, id, user, SimulatedKeys.Device(random), Math.Round(random.NextDouble() * 1000, 2),
                Countries[random.Next(Countries.Length)], note)
            : SimulatedEvent.Login(timeMs, id, user, random.Next(4) > 0, note);
        world.Made.Add(e.Text, e);
        return e;
    }

    private async Task PublishAsync(SimulatedEvent[] events)
    {
        bool retries = world.Plan.Has(Faults.Duplicates) && events[0].Id is not null;
        for (int attempt = 0; attempt < 6; attempt++)
        {
            long nowMs = world.ServerNowMs;
            if (retries)
            {
                _sent.Add((events, nowMs));
            }

            bool isKnown = await TryAsync(events, nowMs);
            if (!retries || (isKnown && random.Next(6) > 0))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromSeconds(random.Next(1, 20)), world.Clock);
        }
    }

    // Whether the outcome is known.
    private async Task<bool> TryAsync(SimulatedEvent[] events, long nowMs)
    {
        string topic = events[0].Topic;
        PublishItem[] items = [.. events.Select(e => new PublishItem(e.Payload, default) { TimestampMs = nowMs })];
        try
        {
            PublishOutcome outcome = await (world.Current ?? throw new ConnectionLostException()).CallAsync(
                async (EmbeddedHost host) => await host.Publisher.PublishAsync(
                    topic, items, keepInvalid: false, CancellationToken.None),
                TimeSpan.FromSeconds(30),
                world.Clock);
            world.Trace.Note(
                $"producer {number}: {outcome.Accepted} of {events.Length} {topic} at "
                + string.Join(", ", outcome.Positions.Select(p => $"{p.Partition}@{p.Offset}")));
            world.Know(topic, outcome.Positions);
            return true;
        }
        catch (Exception e) when (e is ConnectionLostException or EventLogException)
        {
            world.Trace.Note($"producer {number}: {events.Length} {topic} failed: {e.Message}");
            return false;
        }
    }
}
