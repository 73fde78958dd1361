using System.Text;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>Puts records into the log, past all checks, that can't be applied.</summary>
internal sealed class Poisoner(SimulatedWorld world, Random random)
{
    private int _poisons;

    public async Task PoisonAsync()
    {
        string trace = $"x{++_poisons}", user = $"u{random.Next(5)}";
        long nowMs = world.Clock.NowMs;
        string start = $$"""{"payment_id":"{{trace}}","ts":{{nowMs}},"user_id":"{{user}}","amount":""";
        SimulatedEvent poison = random.Next(4) switch
        {
            0 => SimulatedEvent.Poison("payment", start + "\"much\"}"),
            1 => SimulatedEvent.Poison("payment", start),
            2 => SimulatedEvent.Poison("login", $$"""{"trace":"{{trace}}","user_id":"{{user}}","ok":true}"""),
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
