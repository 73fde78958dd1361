using System.Text;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging.Abstractions;
using DeadLetter = ContextGrid.Contracts.V1.DeadLetter;

namespace ContextGrid.Integration.Tests.BadInput;

/// <summary>
/// Records that are in the log already and are no events: dead letters with their position, and no stop.
/// </summary>
public sealed class PoisonTests : IDisposable
{
    private static readonly long NowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private readonly GridFolder _grid = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Start_PoisonInTheLog_IsDeadLetteredAndNeighboursCount()
    {
        var bad = BadEvents.All(NowMs);
        await AppendAsync(bad);
        await using (ServerProcess server = await _grid.StartAsync())
        {
            await server.WaitUntilReadyAsync(TimeSpan.FromSeconds(30));
            using ContextGridClient client = GridFolder.Connect(server);
            await CheckAsync(client, bad);
            Assert.Equal(bad.Count, (await client.GetStatusAsync()).DeadLetters);
            Assert.Equal(0, await server.TerminateAsync(TimeSpan.FromSeconds(20)));
        }

        await using ServerProcess next = await _grid.StartAsync();
        Assert.Contains("nothing waits in the log", next.Output, StringComparison.Ordinal);
        using ContextGridClient reader = GridFolder.Connect(next);
        await CheckAsync(reader, bad);
        PublishResult result = await reader.PublishAsync("payments", BadEvents.Good("good", NowMs));
        EntityResult good = await GridFolder.ReadAsync(reader, "good", result.Positions);
        Assert.Equal(bad.Count + 2, good["payments"].AsInt64);
    }

    [Fact]
    public async Task Kill_PoisonInTheLog_LosesNoDeadLetter()
    {
        var bad = BadEvents.All(NowMs);
        await AppendAsync(bad);
        await using (ServerProcess server = await _grid.StartAsync("--checkpoint-interval", "3600"))
        {
            await server.WaitUntilReadyAsync(TimeSpan.FromSeconds(30));
            await server.KillAsync();
        }

        await using ServerProcess next = await _grid.StartAsync();
        await next.WaitUntilReadyAsync(TimeSpan.FromSeconds(30));
        using ContextGridClient client = GridFolder.Connect(next);
        ListDeadLettersResponse letters = await client.ListDeadLettersAsync(1000);
        long[] offsets = [.. letters.DeadLetters.Select(l => l.Source.Offset).Distinct().Order()];
        Assert.Equal(Enumerable.Range(0, bad.Count).Select(i => (2L * i) + 1), offsets);
        Assert.Equal(bad.Count + 1, (await client.GetAsync("user", "good"))["payments"].AsInt64);
    }

    private static async Task CheckAsync(
        ContextGridClient client, IReadOnlyList<(string Name, byte[] Payload, string Reason)> bad)
    {
        ListDeadLettersResponse letters = await client.ListDeadLettersAsync(1000, "payments");
        Assert.Equal(bad.Count, letters.Total);
        foreach (DeadLetter letter in letters.DeadLetters)
        {
            int at = (int)(letter.Source.Offset - 1) / 2;
            Assert.Equal((0, (2L * at) + 1), (letter.Source.Partition, letter.Source.Offset));
            Assert.Equal((bad[at].Name, bad[at].Reason), (bad[at].Name, letter.Reason));
            DeadLetter whole = await client.GetDeadLetterAsync(letter.Id);
            Assert.Equal(bad[at].Payload, whole.Payload.ToByteArray());
        }

        EntityResult good = await client.GetAsync("user", "good");
        Assert.Equal(bad.Count + 1, good["payments"].AsInt64);
        Assert.Empty(good.Degraded);
        EntityResult victim = await client.GetAsync("user", BadEvents.Victim);
        Assert.Contains("could not be applied", Assert.Single(victim.Degraded), StringComparison.Ordinal);
        Assert.Equal(FeatureStatus.NeverSeen, victim["payments"].Status);
    }

    // Good and bad in turn, all in partition 0: a bad record's offset is odd.
    private async Task AppendAsync(IReadOnlyList<(string Name, byte[] Payload, string Reason)> bad)
    {
        using var directory = DataDirectory.Open(_grid.Data);
        await using var log = FileEventLog.Open(
            new FileEventLogOptions
            {
                Directory = directory.LogPath,
                Topics = new Dictionary<string, int> { ["payments"] = 1 },
            },
            TimeProvider.System,
            NullLogger.Instance);
        byte[] good = Encoding.UTF8.GetBytes(BadEvents.Good("good", NowMs));
        LogRecord[] records =
        [
            .. bad.SelectMany(b => (LogRecord[])[Record(good), Record(b.Payload)]), Record(good),
        ];
        await log.AppendAsync("payments", records, new RecordPosition[records.Length], CancellationToken.None);
    }

    private static LogRecord Record(byte[] value) => new(0, NowMs, default, value, default);
}
