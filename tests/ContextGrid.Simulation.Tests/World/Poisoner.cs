using System.Text;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>Puts records into the log, past all checks, that can't be applied.</summary>
internal sealed class Poisoner(SimulatedWorld world, Random random)
{
    private int _poisons;

    public async Task PoisonAsync()
    {
        string trace = $"x{++_poisons}", user = SimulatedKeys.User(random), device = SimulatedKeys.Device(random);
        long nowMs = world.ServerNowMs;
        string start = $$"""{"payment_id":"{{trace}}","ts":{{nowMs}},"user_id":"{{user}}","device_id":"{{device}}",""";

        // A payload names the entities whose keys can be read whole, whatever is wrong with the rest.
        SimulatedEvent poison = random.Next(5) switch
        {
            0 => SimulatedEvent.Poison("payment", start + "\"amount\":\"much\"}", user, device),
            1 => SimulatedEvent.Poison("payment", start + "\"amount\":", user, device),
            3 => SimulatedEvent.Poison("payment", $$"""{"payment_id":"{{trace}}","user_id":"u""", user: null),
            2 => SimulatedEvent.Poison("login", $$"""{"trace":"{{trace}}","user_id":"{{user}}","ok":true}""", user),
            _ => SimulatedEvent.Login(nowMs + 86_400_000, trace, user, ok: true),
        };
        world.Made[poison.Text] = poison;
        LogRecord[] records = [new(-1, nowMs, Encoding.UTF8.GetBytes(user), poison.Payload, default)];
        try
        {
            await (world.Current ?? throw new ConnectionLostException()).CallAsync(
                async host =>
                {
                    var positions = new RecordPosition[1];
                    await host.Log.AppendAsync(poison.Topic, records, positions, CancellationToken.None);
                    world.Trace.Note($"poison at {poison.Topic}/{positions[0].Partition}@{positions[0].Offset}");
                    return true;
                },
                TimeSpan.FromSeconds(30),
                world.Clock);
        }
        catch (Exception e) when (e is ConnectionLostException or EventLogException)
        {
            world.Trace.Note($"poison failed: {e.Message}");
        }
    }
}
