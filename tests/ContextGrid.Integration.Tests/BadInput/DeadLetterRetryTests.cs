using System.Diagnostics;
using System.Globalization;
using System.Text;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using DeadLetter = ContextGrid.Contracts.V1.DeadLetter;

namespace ContextGrid.Integration.Tests.BadInput;

/// <summary>
/// Real processes: every hundredth record is poison, of every kind; all are mended and retried by a server that is
/// killed again and again, and the state is what the good and the mended events make, each once.
/// </summary>
public sealed class DeadLetterRetryTests : IDisposable
{
    private const int NeighboursOfEach = 99, Users = 20, Kills = 8, LettersBetweenKills = 4;

    private static readonly long NowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    // Count and sum of items by user: what every event must have done, once.
    private readonly SortedDictionary<string, (long Count, long Sum)> _expected = new(StringComparer.Ordinal);
    private readonly GridFolder _grid = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Retry_EveryPoisonMendedWhileTheServerIsKilled_CountsEachOnce()
    {
        var bad = BadEvents.All(NowMs);
        await AppendAsync(bad);
        for (int round = 0; round < Kills; round++)
        {
            await using ServerProcess server = await StartAsync();
            using ContextGridClient client = GridFolder.Connect(server);
            if (round == 0)
            {
                await RefuseAsync(client, bad);
            }

            await KillInARetryAsync(server, client, round % 2 == 0 ? "dead-letters" : "payments");
        }

        await using ServerProcess last = await StartAsync();
        using ContextGridClient reader = GridFolder.Connect(last);
        foreach (long[] ids in (await OpenAsync(reader)).Chunk(100))
        {
            Assert.All(
                await reader.RetryDeadLettersAsync(ids.Select(Mended)),
                o => Assert.Contains(o.Reason, (string[])["", "already_retried"]));
        }

        Assert.Empty(await OpenAsync(reader));
        await CheckAsync(reader, letters: (2 * bad.Count) + 1);
    }

    // Without checkpoints every start reads the whole log, and finds every poison again.
    private async Task<ServerProcess> StartAsync()
    {
        ServerProcess server = await _grid.StartAsync("--checkpoint-interval", "3600");
        await server.WaitUntilReadyAsync(Limit);
        return server;
    }

    private async Task KillInARetryAsync(ServerProcess server, ContextGridClient client, string topic)
    {
        // The kill comes when a step of the retry is in the file: before the log has said so, or right after.
        long[] ids = [.. (await OpenAsync(client)).Take(LettersBetweenKills)];
        long before = BytesOf(topic);
        var waited = Stopwatch.StartNew();
        Task<IReadOnlyList<DeadLetterRetryOutcome>> call = client.RetryDeadLettersAsync(ids.Select(Mended));
        while (BytesOf(topic) == before && waited.Elapsed < Limit)
        {
            await Task.Yield();
        }

        await server.KillAsync();
        await ((Task)call).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private long BytesOf(string topic) => Directory
        .GetFiles(Path.Combine(_grid.Data, "log", topic), "*.log", SearchOption.AllDirectories)
        .Sum(path => new FileInfo(path).Length);

    private static async Task<List<long>> OpenAsync(ContextGridClient client)
    {
        var ids = new List<long>();
        var request = new ListDeadLettersRequest { Limit = 1000 };
        while (true)
        {
            ListDeadLettersResponse page = await client.ListDeadLettersAsync(request);
            ids.AddRange(page.DeadLetters.Select(l => l.Id));
            if (!page.HasNextBefore)
            {
                return ids;
            }

            request.Before = page.NextBefore;
        }
    }

    // Without an id, so that nothing but the retry itself keeps it from counting twice.
    private static DeadLetterRetry Mended(long id) => new()
    {
        Id = id, Payload = ByteString.CopyFromUtf8(BadEvents.Good($"mended{id % Users}", NowMs)),
    };

    private async Task AppendAsync(IReadOnlyList<(string Name, byte[] Payload, string Reason)> bad)
    {
        var records = new List<LogRecord>();
        string conflict = BadEvents.Good("u0", NowMs, ",\"payment_id\":\"a\"");
        records.Add(Record(Encoding.UTF8.GetBytes(conflict)));
        Expect("u0", 1);
        byte[][] poison = [.. bad.Select(b => b.Payload), Encoding.UTF8.GetBytes(conflict + " ")];
        foreach (byte[] payload in poison)
        {
            for (int i = 0; i < NeighboursOfEach; i++)
            {
                string user = $"u{records.Count % Users}";
                records.Add(Record(Encoding.UTF8.GetBytes(BadEvents.Good(user, NowMs))));
                Expect(user, 1);
            }

            records.Add(Record(payload));
        }

        using var directory = DataDirectory.Open(_grid.Data);
        await using var log = FileEventLog.Open(
            new FileEventLogOptions
            {
                Directory = directory.LogPath,
                Topics = new Dictionary<string, int> { ["payments"] = 1 },
            },
            TimeProvider.System,
            NullLogger.Instance);
        await log.AppendAsync("payments", records.ToArray(), new RecordPosition[records.Count], default);
    }

    // The same poison once more through publish, among good events.
    private async Task RefuseAsync(
        ContextGridClient client, IReadOnlyList<(string Name, byte[] Payload, string Reason)> bad)
    {
        var events = new List<PublishEvent>();
        foreach ((_, byte[] payload, _) in bad)
        {
            events.Add(GridFolder.Event(BadEvents.Good("u1", NowMs)));
            events.Add(new PublishEvent { Payload = ByteString.CopyFrom(payload) });
            Expect("u1", 1);
        }

        PublishResult result = await client.PublishAsync(
            "payments", events, new PublishOptions { Invalid = InvalidEvents.DeadLetter });
        Assert.Equal((bad.Count, bad.Count), (result.Accepted, result.Refused.Count));
    }

    private void Expect(string user, long items)
    {
        (long count, long sum) = _expected.GetValueOrDefault(user);
        _expected[user] = (count + 1, sum + items);
    }

    private async Task CheckAsync(ContextGridClient client, int letters)
    {
        ListDeadLettersResponse all = await client.ListDeadLettersAsync(
            new ListDeadLettersRequest { Limit = 1000, States = { DeadLetterState.Retried } });
        Assert.Equal((letters, letters, 0), (all.Total, all.Retried, all.Retrying));
        foreach (DeadLetter letter in all.DeadLetters)
        {
            Expect(string.Create(CultureInfo.InvariantCulture, $"mended{letter.Id % Users}"), 1);
        }

        var found = new SortedDictionary<string, (long, long)>(StringComparer.Ordinal);
        foreach (string user in _expected.Keys)
        {
            EntityResult entity = await client.GetAsync("user", user);
            found[user] = (entity["payments"].AsInt64 ?? 0, entity["items"].AsInt64 ?? 0);
        }

        Assert.Equal(_expected, found);
    }

    private static LogRecord Record(byte[] value) => new(0, NowMs, default, value, default);
}
