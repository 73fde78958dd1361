using System.Text;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Tests.Codecs;

namespace ContextGrid.Runtime.Tests.Ingestion;

public sealed class EventValidatorTests
{
    private readonly EventValidator _validator = new(PaymentEvents.Definitions);

    [Fact]
    public void Validate_GoodEvent_GivesKeyAndTime()
    {
        EventValidation validation = Validate(PaymentEvents.Good);

        Assert.True(validation.IsValid);
        Assert.Equal(("", ""), (validation.Reason, validation.Message));
        Assert.Equal("u7", Encoding.UTF8.GetString(validation.Key.Span));
        Assert.Equal(PaymentEvents.NowMs, validation.EventTimeMs);
    }

    [Theory]
    [InlineData("\"\\u0075\\n\"", "u\n")]
    [InlineData("null", "")]
    public void Validate_UnusualKey_GivesItsBytes(string key, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(Validate(PaymentEvents.Good.Replace("\"u7\"", key)).Key.Span));

    [Fact]
    public void Validate_BadEvent_GivesReasonAndMessage()
    {
        EventValidation validation = Validate(PaymentEvents.Good.Replace("12.5", "\"x\""));

        Assert.Equal(DecodeError.WrongType, validation.Error);
        Assert.Equal("payment.amount at byte 55: found \"x\"; a number was meant.", validation.Message);
        Assert.True(validation.Key.IsEmpty);
    }

    [Fact]
    public void Validate_EmptyMemory_IsRefusedAndTellsOfTombstones()
    {
        EventValidation validation = _validator.Validate(0, default, PaymentEvents.NowMs);
        Assert.Equal("invalid_json", validation.Reason);
        Assert.StartsWith(
            "payment: an empty payload is no event. A tombstone", validation.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryGetEvent_Topic_FindsTheEvent()
    {
        Assert.True(_validator.TryGetEvent("payments", out int index));
        Assert.Equal(0, index);
        Assert.False(_validator.TryGetEvent("Payments", out _));
    }

    [Fact]
    public void Validate_ManyThreads_DoNotDisturbEachOther()
    {
        int wrong = 0;
        Parallel.For(0, 2_000, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            EventValidation validation = Validate(PaymentEvents.Good.Replace("\"u7\"", $"\"\\u0075{i}\""));
            bool good = validation.IsValid && Encoding.UTF8.GetString(validation.Key.Span) == $"u{i}";
            Interlocked.Add(ref wrong, good ? 0 : 1);
        });

        Assert.Equal(0, wrong);
    }

    private EventValidation Validate(string json) =>
        _validator.Validate(0, Encoding.UTF8.GetBytes(json), PaymentEvents.NowMs);
}
