using System.Diagnostics;
using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>The group's offsets on a real broker, as Kafka's own tools show and move them.</summary>
public sealed class KafkaGroupTests : IDisposable
{
    private const string Group = "lag-shown";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new();
    private int _ticks;

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Run_GroupIsMovedByATool_IsShownAgainAsTheCheckpointAndHasNoEffect()
    {
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(broker.BootstrapServers, ("payments", 1), ("ticks", 2));
        string[] more =
        [
            "--kafka", broker.BootstrapServers, "--kafka-group", Group, "--checkpoint-interval", "1",
        ];
        await using (ServerProcess server = await _grid.StartAsync(more))
        {
            await PublishAsync(server, 200);
            await UntilShownAsync(broker, server);
            await PublishAsync(server, 100);

            // The checkpoint of the stop is written, too.
            Assert.Equal(0, await server.TerminateAsync(Limit));
        }

        Assert.Equal(300, Ticks(await OffsetsAsync(broker)));
        foreach (string[] move in (string[][])[["--to-earliest"], ["--shift-by", "-7"], ["--to-latest"]])
        {
            await broker.RunToolAsync(
                "groups", ["--group", Group, "--reset-offsets", "--topic", "ticks", .. move, "--execute"]);
            await using ServerProcess server = await _grid.StartAsync(more);
            await PublishAsync(server, 10);
            await UntilShownAsync(broker, server);
            Assert.Equal(_ticks, Ticks(await OffsetsAsync(broker)));
            await server.KillAsync();
        }
    }

    private static long Ticks(Dictionary<(string Topic, int Partition), long> offsets) =>
        offsets.Where(o => o.Key.Topic == "ticks").Sum(o => o.Value);

    // Each number counts once.
    private async Task PublishAsync(ServerProcess server, int count)
    {
        using ContextGridClient client = GridFolder.Connect(server);
        string[] ticks =
        [
            .. Enumerable.Range(_ticks, count).Select(n => string.Create(
                CultureInfo.InvariantCulture, $$"""{"user_id":"u{{n % 2}}","n":{{n}}}""")),
        ];
        PublishResult result = await client.PublishAsync("ticks", ticks);
        _ticks += count;
        long counted = 0;
        foreach (string user in (string[])["u0", "u1"])
        {
            EntityResult read = await GridFolder.ReadAsync(client, user, result.Positions);
            counted += read["ticks"].AsInt64 ?? 0;
        }

        Assert.Equal(_ticks, counted);
    }

    private static async Task UntilShownAsync(KafkaBroker broker, ServerProcess server)
    {
        using ContextGridClient client = GridFolder.Connect(server);
        Dictionary<(string, int), long> applied = (await client.GetStatusAsync()).Sources
            .ToDictionary(s => (s.Topic, s.Partition), s => s.AppliedOffset + 1);
        long start = Stopwatch.GetTimestamp();
        Dictionary<(string, int), long> shown = [];
        while (!applied.All(a => shown.GetValueOrDefault(a.Key, 0) == a.Value))
        {
            Assert.True(
                Stopwatch.GetElapsedTime(start) < Limit,
                $"{string.Join(' ', shown)} is not {string.Join(' ', applied)}\n{server.Output}");
            shown = await OffsetsAsync(broker);
        }
    }

    // GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG …
    private static async Task<Dictionary<(string Topic, int Partition), long>> OffsetsAsync(KafkaBroker broker) =>
        (await broker.RunToolAsync("groups", "--describe", "--group", Group, "--offsets"))
            .Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(f => f.Length > 4 && f[0] == Group && f[3] != "-")
            .ToDictionary(f => (f[1], int.Parse(f[2], null)), f => long.Parse(f[3], null));
}
