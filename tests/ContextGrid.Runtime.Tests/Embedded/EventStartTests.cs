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

/// <summary>Where new state begins in a topic: it is noted with the state, a rebuild finds it anew, and it is said.
/// </summary>
public sealed class EventStartTests : IDisposable
{
    // A day apart, all in the past.
    private static readonly long[] Days =
        [.. Enumerable.Range(0, 5).Select(d => 1_700_000_000_000 + (d * 86_400_000L))];

    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-start-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Start_OfNewState_BeginsThereAndNoRestartMovesIt()
    {
        await using (EmbeddedHost first = await StartAsync("earliest", rebuild: false))
        {
            await PublishAsync(first, Days[0], Days[1]);
            Assert.Equal(2, await CountAsync(first));
            Assert.DoesNotContain(first.Recovered, s => s.Contains("begins", StringComparison.Ordinal));
        }

        await using (EmbeddedHost latest = await StartAsync("latest", rebuild: true))
        {
            Assert.Equal(0, await CountAsync(latest));
            Assert.Equal(2, latest.Progress[0].StartOffset);
            Assert.Empty(latest.Progress[0].Gaps);
            Assert.Contains(latest.Recovered, s => s.Contains("offset 2 of partition 0", StringComparison.Ordinal));

            // It is durable before anything else happens.
            Assert.Equal(2, latest.Checkpoint.Content.Counters["start.payments/0"]);
            Assert.Equal(2, latest.Checkpoint.Content.Sources[0].NextOffset);
            await PublishAsync(latest, Days[2]);
            Assert.Equal(1, await CountAsync(latest));
        }

        await using (EmbeddedHost again = await StartAsync("latest", rebuild: false))
        {
            Assert.Equal((1, 2), (await CountAsync(again), again.Progress[0].StartOffset));
            await PublishAsync(again, Days[3]);
            Assert.Equal(2, await CountAsync(again));

            // The past does not know more than the present.
            Assert.Equal(1, await CountAsync(again, Days[2]));
        }

        // Another start is for new state only.
        await using EmbeddedHost other = await StartAsync("earliest", rebuild: false);
        Assert.Equal(2, await CountAsync(other));
    }

    [Theory]
    [InlineData(0, 0, 4)]
    [InlineData(1, 0, 3)]
    [InlineData(1, 1, 2)]
    [InlineData(3, 0, 1)]
    [InlineData(3, 1, 0)]
    public async Task Start_AtATime_BeginsAtTheFirstRecordThatIsNotBefore(int day, int afterMs, int count)
    {
        await using (EmbeddedHost first = await StartAsync("earliest", rebuild: false))
        {
            await PublishAsync(first, Days[..4]);
        }

        string time = DateTimeOffset.FromUnixTimeMilliseconds(Days[day] + afterMs)
            .ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        await using EmbeddedHost host = await StartAsync(time, rebuild: true);
        Assert.Equal((count, 4 - count), (await CountAsync(host), host.Progress[0].StartOffset));
    }

    [Fact]
    public async Task Start_RetryOfAnEventBeforeTheStart_Counts()
    {
        await using (EmbeddedHost first = await StartAsync("earliest", rebuild: false))
        {
            await PublishAsync(first, Days[0]);
        }

        await using EmbeddedHost host = await StartAsync("latest", rebuild: true);
        await PublishAsync(host, Days[0]);
        Assert.Equal(1, await CountAsync(host));
    }

    [Theory]
    [InlineData("start: yesterday", "'start' must be earliest, latest, or a time such as 2026-01-31T12:00:00Z")]
    [InlineData("start: 2026-01-31", "'start' must be earliest, latest, or a time")]
    [InlineData("start: [latest]", "'start' must be a single value")]
    [InlineData("tombstone: delete", "'tombstone: delete' is not offered")]
    [InlineData("tombstone: ignored", "unknown tombstone: 'ignored'; did you mean 'ignore'?")]
    public void Read_WrongStartOrTombstone_IsRefusedWithWhatWasMeant(string line, string why)
    {
        DefinitionReadResult result = DefinitionFiles.Parse("test.yaml", Text(line));
        Assert.Contains(result.Errors, e => e.Message.Contains(why, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("start: latest", EventStart.Latest, 0)]
    [InlineData("start: earliest", EventStart.Earliest, 0)]
    [InlineData("start: 2026-01-31T12:00:00+01:00", EventStart.Time, 1_769_857_200_000)]
    [InlineData("start: 1769857200000", EventStart.Time, 1_769_857_200_000)]
    public void Read_Start_IsThat(string line, EventStart start, long ms)
    {
        EventDefinition found = Assert.Single(Definitions(line).Events);
        Assert.Equal((start, ms), (found.Start, found.StartMs));
    }

    private static string Text(string line) => $$"""
        version: 1
        events:
          payment:
            topic: payments
            id: id
            {{line}}
            fields: {id: string, user: string}
        entities:
          user:
            from: {payment: user}
            features: {payments: payment | count()}

        """;

    private static DefinitionSet Definitions(string line) => DefinitionFiles.Parse("test.yaml", Text(line)) switch
    {
        { Set: { } set } => set,
        var wrong => throw new InvalidOperationException(string.Join('\n', wrong.Errors)),
    };

    private Task<EmbeddedHost> StartAsync(string start, bool rebuild) => EmbeddedHost.StartAsync(
        new EmbeddedHostOptions
        {
            Definitions = Definitions("start: " + start),
            DataDirectory = Path.Combine(_root, "data"),
            Partitions = 1,
            Rebuild = rebuild,
            RetentionTime = TimeSpan.Zero,
        },
        TimeProvider.System,
        NullLoggerFactory.Instance,
        CancellationToken.None);

    // The id is the time's, so that the same time is a retry.
    private static async Task PublishAsync(EmbeddedHost host, params long[] times)
    {
        PublishItem[] items =
        [
            .. times.Select(t => new PublishItem(
                Encoding.UTF8.GetBytes($$"""{"id":"p{{t}}","user":"u1"}"""), default) { TimestampMs = t }),
        ];
        Assert.Equal(times.Length, (await host.Publisher.PublishAsync("payments", items, false, default)).Accepted);
    }

    private static async Task<long> CountAsync(EmbeddedHost host, long? asOfMs = null)
    {
        long end = (await host.Log.GetRangeAsync(new TopicPartition("payments", 0), default)).End;
        await host.Progress[0].WaitForAsync(end - 1, default);
        var query = new ContextQuery { Head = QueryHead.AsOf, HeadMs = asOfMs ?? Days[4] };
        query.Selections.Add(FeatureSelection.All(host.Grid.Plans[0]));
        query.Add(0, "u1"u8.ToArray());
        var answer = new ContextAnswer();
        await host.Reader.ReadAsync(query, answer, default);
        return answer.Values(0)[0].Int64;
    }
}
