using ContextGrid.Client;
using ContextGrid.TestKit.Logs;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>An output's topic that somebody else has made, with other settings.</summary>
public sealed class KafkaOutputTopicTests : IDisposable
{
    private const string Definitions = """
        version: 1
        events:
          payment: {topic: payments, fields: {user: string, text: string}}
        entities:
          user:
            from: {payment: user}
            features: {newest: payment | last(text)}
            outputs: {features: {topic: user-features, interval: 100ms}}

        """;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new(Definitions);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Write_ValueIsTooLargeForTheTopic_IsLeftOutAndCounted()
    {
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(broker.BootstrapServers, ("payments", 1));
        await KafkaTopics.CreateAsync(broker.BootstrapServers, bytesMax: 700, ("user-features", 1));
        await using ServerProcess server = await _grid.StartAsync("--kafka", broker.BootstrapServers);
        using ContextGridClient client = GridFolder.Connect(server);
        await client.PublishAsync("payments",
        [
            """{"user":"u1","text":"short"}""",
            $$"""{"user":"u2","text":"{{new string('x', 1_000)}}"}""",
            """{"user":"u3","text":"short"}""",
        ]);
        await server.WaitUntilAsync("done with its output", Limit, async () =>
            (await client.GetStatusAsync()).Outputs.All(
                o => o is { Waiting: 0, WritesAll: false, Fault: "", Written: > 0 }));
        IReadOnlyList<RawRecord> written = await KafkaTopics.ReadAsync(broker.BootstrapServers, "user-features");
        Assert.All(written, r => Assert.Contains("short", r.Value, StringComparison.Ordinal));
        Assert.Contains(written, r => r.Value.Contains("\"u1\"", StringComparison.Ordinal));
        Assert.Contains(written, r => r.Value.Contains("\"u3\"", StringComparison.Ordinal));
        using var http = new HttpClient { BaseAddress = server.Http };
        Assert.Contains(
            "contextgrid_output_too_large_total{output=\"user.features\"} 1", await http.GetStringAsync("/metrics"),
            StringComparison.Ordinal);
        Assert.Contains(
            "user-features is not compacted (cleanup.policy=delete)", server.Output, StringComparison.Ordinal);
    }
}
