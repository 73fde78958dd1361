using System.Globalization;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>One producer's wrong clock, from publish to answers.</summary>
public sealed class HeadClockHostTests : IDisposable
{
    private const string Yaml = """
        version: 1
        events:
          pay:
            topic: pays
            timestamp: ts
            max_future: 5m
            fields: {ts: timestamp, user: string}
          tap:
            topic: taps
            timestamp: ts
            fields: {ts: timestamp, user: string}
        entities:
          payer:
            from: {pay: user}
            head: clock
            features: {n_1m: pay | count() over 1m}
          tapper:
            from: {tap: user}
            features: {n_1m: tap | count() over 1m}

        """;

    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-host-").FullName;

    private static long NowMs => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Read_OneEventAheadOfTheClock_WaitsAcrossARestart()
    {
        long nowMs = NowMs;
        await using (EmbeddedHost host = await StartAsync())
        {
            PublishOutcome outcome = await PublishAsync(
                host, "pays", [.. Enumerable.Range(0, 5).Select(i => nowMs - 20_000 + i), nowMs + 280_000]);
            Assert.Equal(6, outcome.Accepted);
            await host.Progress.Single(p => p.Partition.Topic == "pays").WaitForAsync(5, CancellationToken.None);
            await CheckAsync(host, nowMs);
        }

        await using EmbeddedHost again = await StartAsync();
        await CheckAsync(again, nowMs);
    }

    [Fact]
    public async Task Publish_EventTimeAheadOfTheClock_IsRefusedWhateverTheRecordTimeSays()
    {
        await using EmbeddedHost host = await StartAsync();
        long nowMs = NowMs;
        PublishOutcome outcome = await PublishAsync(host, "taps", [nowMs + 19_000], recordMs: nowMs + 9_500);
        Assert.Equal("too_far_in_future", Assert.Single(outcome.Refused).Reason);
        Assert.Equal(1, (await PublishAsync(host, "taps", [nowMs + 5_000], recordMs: nowMs + 5_000)).Accepted);
        outcome = await PublishAsync(host, "taps", [nowMs], recordMs: nowMs + 60_000);
        Assert.Equal("bad_timestamp", Assert.Single(outcome.Refused).Reason);
    }

    private static async Task CheckAsync(EmbeddedHost host, long nowMs)
    {
        Assert.Equal(5, await CountAsync(host, QueryHead.Now, 0));
        Assert.Equal(1, await CountAsync(host, QueryHead.Newest, 0));
        Assert.Equal(5, await CountAsync(host, QueryHead.AsOf, nowMs));
        Assert.Equal(2, await CountAsync(host, QueryHead.AsOf, nowMs - 19_999));
        Assert.Equal(1, await CountAsync(host, QueryHead.AsOf, nowMs + 280_000));
    }

    private static async Task<long> CountAsync(EmbeddedHost host, QueryHead head, long headMs)
    {
        var query = new ContextQuery { Head = head, HeadMs = headMs };
        query.Selections.Add(FeatureSelection.All(host.Grid.Plans[0]));
        query.Add(0, "u"u8);
        var answer = new ContextAnswer();
        await host.Reader.ReadAsync(query, answer, CancellationToken.None);
        return answer.Values(0)[0].Int64;
    }

    private static async Task<PublishOutcome> PublishAsync(
        EmbeddedHost host, string topic, long[] timesMs, long? recordMs = null) => await host.Publisher.PublishAsync(
            topic,
            [
                .. timesMs.Select(t => new PublishItem(
                    Encoding.UTF8.GetBytes(
                        string.Create(CultureInfo.InvariantCulture, $$"""{"user":"u","ts":{{t}}}""")),
                    default) { TimestampMs = recordMs }),
            ],
            keepInvalid: false,
            CancellationToken.None);

    private Task<EmbeddedHost> StartAsync()
    {
        DefinitionReadResult read = DefinitionFiles.Parse("test.yaml", Yaml);
        return EmbeddedHost.StartAsync(
            new EmbeddedHostOptions
            {
                Definitions = read.Set ?? throw new InvalidOperationException(string.Join('\n', read.Errors)),
                DataDirectory = Path.Combine(_root, "data"),
                Partitions = 1,
            },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None);
    }
}
