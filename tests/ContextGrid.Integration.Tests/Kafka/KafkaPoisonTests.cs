using System.Globalization;
using ContextGrid.Cli;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Integration.Tests.Faults.Crashes;
using ContextGrid.TestKit.Logs;
using Google.Protobuf;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// Every kind of poison in one partition of a real broker: neighbours count, each bad record is among the dead letters
/// once, and dead letters are dealt with while the server is killed.
/// </summary>
public sealed class KafkaPoisonTests : IDisposable
{
    private const int Kills = 4, LettersBetweenKills = 4;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new(WithTombstones(CrashGrid.Definitions));
    private readonly Random _random = new(1);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Run_EveryKindOfPoisonAmongGoodRecords_IsALetterOnceAndRetriedOnce()
    {
        using SchemaRegistryProcess registry = await SchemaRegistryProcess.StartAsync();
        int schema = await registry.RegisterAsync("orders-value", KafkaOrders.Schema(1));
        await using KafkaBroker broker = await KafkaBroker.StartAsync();
        await KafkaTopics.CreateAsync(
            broker.BootstrapServers, (CrashGrid.Payments, 1), (CrashGrid.Ticks, 1), (KafkaOrders.Topic, 1));
        await File.WriteAllTextAsync(
            Path.Combine(_grid.Definitions, "orders.yaml"), WithTombstones(KafkaOrders.Definitions));
        string[] more =
        [
            "--kafka", broker.BootstrapServers, "--schema-registry", registry.Address.AbsoluteUri,
            "--checkpoint-interval", "1",
        ];
        var poison = new KafkaPoison(broker.BootstrapServers);
        using var orders = new KafkaOrders(broker.BootstrapServers);
        var state = new KafkaState(_grid, broker.BootstrapServers)
        {
            IsPoison = r => poison.Bad.ContainsKey((r.Topic, r.Offset)),
        };
        await using (ServerProcess server = await _grid.StartAsync(more))
        {
            await Task.WhenAll(poison.ProducePaymentsAsync(), poison.ProduceOrdersAsync(orders, schema));
            await state.CompareAsync(server);
            await orders.CompareAsync(server, _grid.Definitions);
            await CheckLettersAsync(broker, server, poison);
            await DealAsync(server, poison);
        }

        for (int kill = 0; kill < Kills; kill++)
        {
            await using ServerProcess server = await _grid.StartAsync(more);
            await KillInARetryAsync(server);
        }

        await using ServerProcess last = await _grid.StartAsync(more);
        await RetryAllAsync(last);
        await state.CompareAsync(last);
        await CheckRetriesAsync(broker, last);
    }

    // A tombstone is a letter too, where the definition says so.
    private static string WithTombstones(string definitions) => definitions
        .Replace("topic: payments", "topic: payments\n    tombstone: dead_letter", StringComparison.Ordinal)
        .Replace("topic: orders,", "topic: orders, tombstone: dead_letter,", StringComparison.Ordinal);

    private static async Task CheckLettersAsync(KafkaBroker broker, ServerProcess server, KafkaPoison poison)
    {
        IReadOnlyList<RawRecord> letters = await KafkaTopics.ReadAsync(broker.BootstrapServers, "dead-letters");
        Assert.Equal(
            poison.Bad.Select(b => $"{b.Key.Topic}/0 {b.Key.Offset}: {b.Value.Reason}").Order(),
            letters.Select(l => $"{l.Headers["__connect.errors.topic"]}/{l.Headers["__connect.errors.partition"]} "
                + $"{l.Headers["__connect.errors.offset"]}: {l.Headers["__connect.errors.exception.class.name"]}")
                .Order());
        using ContextGridClient client = GridFolder.Connect(server);
        foreach (RawRecord letter in letters)
        {
            DeadLetter whole = await client.GetDeadLetterAsync(letter.Offset);
            (string reason, byte[] payload) = poison.Bad[(whole.Source.Topic, whole.Source.Offset)];
            int kept = Math.Min(payload.Length, 1 << 20);
            Assert.Equal(reason, whole.Reason);
            Assert.True(payload.AsSpan(0, kept).SequenceEqual(whole.Payload.Span), $"{whole.Source}: {reason}");
        }
    }

    // The command line, against letters in Kafka.
    private static async Task DealAsync(ServerProcess server, KafkaPoison poison)
    {
        string[] all = await CliAsync(server, "dlq", "list", "--limit", "1000", "--json");
        Assert.Equal(poison.Bad.Count, all.Count(l => l.Contains("\"reason\"", StringComparison.Ordinal)));
        Assert.Contains("unknown_schema", string.Join('\n', all), StringComparison.Ordinal);
        string shown = string.Join('\n', await CliAsync(server, "dlq", "show", "0"));
        Assert.Contains("payments", shown + string.Join('\n', all), StringComparison.Ordinal);
        await CliAsync(server, "dlq", "retry", "--all", "--dry-run", "--reason", "too_far_in_future");
        await CliAsync(server, "dlq", "discard", "--all", "--topic", KafkaOrders.Topic, "--note", "not needed");
        Assert.DoesNotContain(
            "unknown_schema", string.Join('\n', await CliAsync(server, "dlq", "list")), StringComparison.Ordinal);
    }

    private static async Task<string[]> CliAsync(ServerProcess server, params string[] arguments)
    {
        using var text = new StringWriter();
        using var error = new StringWriter();
        var console = new CliConsole
        {
            Out = text, Error = error, OpenInput = () => Stream.Null, OpenOutput = () => Stream.Null,
        };
        int code = await CommandLineApp.RunAsync(
            [.. arguments, "--server", server.Grpc.AbsoluteUri.TrimEnd('/')], console);
        bool isDryRun = arguments.Contains("--dry-run");
        Assert.True(code == 0 || isDryRun, $"{string.Join(' ', arguments)}: {code}\n{text}\n{error}");
        return text.ToString().Split('\n');
    }

    private async Task KillInARetryAsync(ServerProcess server)
    {
        await server.WaitUntilReadyAsync(Limit);
        using ContextGridClient client = GridFolder.Connect(server);
        long[] ids = [.. (await OpenAsync(client)).Take(LettersBetweenKills)];
        Task<IReadOnlyList<DeadLetterRetryOutcome>> call = client.RetryDeadLettersAsync(ids.Select(Mended));
        await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(120)));
        await server.KillAsync();
        await ((Task)call).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task RetryAllAsync(ServerProcess server)
    {
        await server.WaitUntilReadyAsync(Limit);
        using ContextGridClient client = GridFolder.Connect(server);
        foreach (long[] ids in (await OpenAsync(client)).Chunk(100))
        {
            Assert.All(
                await client.RetryDeadLettersAsync(ids.Select(Mended)),
                o => Assert.Contains(o.Reason, (string[])["", "already_retried"]));
        }

        Assert.Empty(await OpenAsync(client));
    }

    // Each letter's record is there once, whatever was cut off.
    private static async Task CheckRetriesAsync(KafkaBroker broker, ServerProcess server)
    {
        using ContextGridClient client = GridFolder.Connect(server);
        ListDeadLettersResponse retried = await client.ListDeadLettersAsync(
            new ListDeadLettersRequest { Limit = 1000, States = { DeadLetterState.Retried } });
        IReadOnlyList<RawRecord> payments = await KafkaTopics.ReadAsync(broker.BootstrapServers, CrashGrid.Payments);
        Assert.Equal(
            retried.DeadLetters.Select(l => l.Id.ToString(CultureInfo.InvariantCulture)).Order(),
            payments.Where(p => p.Headers.ContainsKey("contextgrid.retry.of"))
                .Select(p => p.Headers["contextgrid.retry.of"]).Order());
        Assert.Equal(0, retried.Retrying);
    }

    private static async Task<IReadOnlyList<long>> OpenAsync(ContextGridClient client) =>
        [.. (await client.ListDeadLettersAsync(1000, CrashGrid.Payments)).DeadLetters.Select(l => l.Id)];

    // Without an id, so that nothing but the retry itself keeps it from counting twice.
    private static DeadLetterRetry Mended(long id) => new()
    {
        Id = id,
        Payload = ByteString.CopyFromUtf8(string.Create(CultureInfo.InvariantCulture, $$"""
            {"user_id":"mended{{id % 5}}","merchant":"mended","amount":{{id}},"items":1,"ok":true,
            "ts":{{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - 1_000_000}}}
            """)),
    };
}
