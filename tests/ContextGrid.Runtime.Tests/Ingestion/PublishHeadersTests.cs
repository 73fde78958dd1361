using System.Text;
using ContextGrid.Runtime.DeadLetters;
using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Tests.DeadLetters;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.Ingestion;

public sealed class PublishHeadersTests : IAsyncDisposable
{
    private static readonly byte[] Tenant = LogHeaders.Encode([new("tenant-id", "acme"), new("trace", "é")]);

    private readonly DeadLetterFixture _letters = new();
    private readonly GridMetrics _metrics = new();

    public async ValueTask DisposeAsync()
    {
        await _letters.DisposeAsync();
        _metrics.Dispose();
    }

    [Fact]
    public async Task PublishAsync_EventWithHeaders_TheRecordHasThem()
    {
        PublishOutcome outcome = await PublishAsync(DeadLetterFixture.Good, Tenant, keepInvalid: false);
        Assert.Equal(1, outcome.Accepted);
        Assert.EndsWith(
            "tenant-id=acme trace=é", Assert.Single(await _letters.PaymentsAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PublishAsync_BadEventThatIsKept_TheDeadLetterAndItsRetryHaveTheHeaders()
    {
        PublishOutcome outcome = await PublishAsync(DeadLetterFixture.Bad, Tenant, keepInvalid: true);
        long letter = Assert.Single(outcome.Refused).DeadLetter;
        DeadLetterService service = _letters.NewService();
        IReadOnlyList<RetryOutcome> retried = await service.RetryAsync(
            [new(letter, Encoding.UTF8.GetBytes(DeadLetterFixture.Good))], dryRun: false, CancellationToken.None);
        Assert.Single(retried);
        Assert.Contains(
            "tenant-id=acme trace=é contextgrid.retry.of=", Assert.Single(await _letters.PaymentsAsync()),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("contextgrid.retry.of", "1", "one that the server writes")]
    [InlineData("__connect.errors.topic", "x", "one that the server writes")]
    [InlineData("", "x", "has no name")]
    public async Task PublishAsync_HeaderThatIsNotAProducers_IsRefusedAlone(string name, string value, string words)
    {
        PublishOutcome outcome = await PublishAsync(
            DeadLetterFixture.Good, LogHeaders.Encode([new("trace", "a"), new(name, value)]), keepInvalid: true);
        RefusedItem refused = Assert.Single(outcome.Refused);
        Assert.Equal((0, "bad_headers", -1), (outcome.Accepted, refused.Reason, refused.DeadLetter));
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PublishAsync_TooManyBytesOfHeaders_IsRefusedWithTheLimit()
    {
        byte[] large = LogHeaders.Encode([new("trace", new string('x', LogHeaders.PublishBytesMax))]);
        PublishOutcome outcome = await PublishAsync(DeadLetterFixture.Good, large, keepInvalid: true);
        Assert.Contains("at most 32768", Assert.Single(outcome.Refused).Message, StringComparison.Ordinal);
    }

    private ValueTask<PublishOutcome> PublishAsync(string payload, byte[] headers, bool keepInvalid)
    {
        var sink = new DeadLetterTopic(_letters.Log, TimeProvider.System);
        var publisher = new EventPublisher(
            _letters.Log, sink, new EventValidator(Definitions), _metrics, new IdVerdicts([], TimeProvider.System),
            TimeProvider.System);
        var item = new PublishItem(Encoding.UTF8.GetBytes(payload), default) { Headers = headers };
        return publisher.PublishAsync("payments", [item], keepInvalid, CancellationToken.None);
    }
}
