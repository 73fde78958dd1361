using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>Times of events: which numbers and texts are taken for which time, and which are refused with a reason.
/// </summary>
public sealed class EventTimeTests
{
    private const string Plain = "timestamp: at, fields: {at: int64, k: string, made: timestamp}";

    [Theory]
    [InlineData("0", 0)]
    [InlineData("-5", -5)]
    [InlineData("-90000", -90_000)]
    [InlineData("86399999", 86_399_999)]
    [InlineData("100000000000", 100_000_000_000)]
    [InlineData("-100000000000", -100_000_000_000)]
    [InlineData("1767225600000", 1_767_225_600_000)]
    [InlineData("253402300799999", 253_402_300_799_999)]
    [InlineData("-62135596800000", -62_135_596_800_000)]
    public void Decode_Milliseconds_AreTaken(string number, long expected)
    {
        Assert.Equal((expected, ""), Read(Plain, $$"""{"at":{{number}},"k":"a"}"""));
        Assert.Equal((0, ""), Read(Plain, $$"""{"at":0,"k":"a","made":{{number}}}"""));
    }

    [Theory]
    [InlineData("1546300800", "seconds")] // 2019
    [InlineData("1262304000", "seconds")] // 2010
    [InlineData("631152000", "seconds")] // 1990
    [InlineData("94694400", "seconds")] // 1973
    [InlineData("-631152000", "seconds")] // 1950
    [InlineData("4102444800", "seconds")] // 2100
    [InlineData("1767225600000000", "microseconds")]
    [InlineData("946684800000000", "microseconds")] // 2000
    [InlineData("-1767225600000000", "microseconds")]
    [InlineData("1767225600000000000", "nanoseconds")]
    [InlineData("2026", "a year")]
    [InlineData("20260131", "the digits of a date")]
    [InlineData("20260131120000", "the digits of a date")]
    public void Decode_NumberOfAnotherUnit_IsRefusedWithWhatWasMeant(string number, string looks)
    {
        Assert.Contains($"looks like {looks}", Read(Plain, $$"""{"at":{{number}},"k":"a"}""").Message);
        Assert.Contains($"looks like {looks}", Read(Plain, $$"""{"at":0,"k":"a","made":{{number}}}""").Message);
    }

    [Theory]
    [InlineData("-62135596800001", "before the year 1.")]
    [InlineData("253402300800000", "after the year 9999.")]
    [InlineData("1e300", "after the year 9999.")]
    [InlineData("-99999999999999999999", "before the year 1.")]
    [InlineData("1.00000000000000000001", "it has a fraction")]
    [InlineData("1767225600.5", "looks like seconds")]
    [InlineData("1767225600000.5", "it has a fraction")]
    public void Decode_NumberThatIsNoTime_IsRefusedWithTheCause(string number, string cause) =>
        Assert.Contains(cause, Read(Plain, $$"""{"at":0,"k":"a","made":{{number}}}""").Message);

    [Theory]
    [InlineData("2026-02-29T00:00:00Z", "no such day")]
    [InlineData("2026-13-01T00:00:00Z", "no such day")]
    [InlineData("2026-04-31T00:00:00Z", "no such day")]
    [InlineData("2026-06-01T24:00:00Z", "hours go from 00 to 23")]
    [InlineData("2026-06-01T12:60:00Z", "no such time of day")]
    [InlineData("2026-06-01T12:00:61Z", "no such time of day")]
    [InlineData("2026-06-01T00:00:00+0000", "a colon")]
    [InlineData("2026-06-01T00:00:00+02", "a colon")]
    [InlineData("2026-06-01T00:00:00+24:00", "the offset is out of range")]
    [InlineData("2026-06-01T00:00:00", "ends with Z or an offset")]
    [InlineData("2026-06-01", "the time of day is missing")]
    [InlineData("0000-06-01T00:00:00Z", "before the year 1")]
    [InlineData("0001-01-01T00:00:00+00:01", "before the year 1")]
    [InlineData("9999-12-31T23:59:60Z", "after the year 9999")]
    [InlineData("01/02/2026", "was meant")]
    [InlineData("1767225600000", "write it without quotes")]
    [InlineData("", "was meant")]
    public void Decode_TextThatIsNoTime_IsRefusedWithTheCause(string text, string cause) =>
        Assert.Contains(cause, Read(Plain, $$"""{"at":0,"k":"a","made":"{{text}}"}""").Message);

    [Theory]
    [InlineData("s", "1546300800", 1_546_300_800_000)]
    [InlineData("s", "1546300800.9999", 1_546_300_800_999)]
    [InlineData("s", "-0.0001", -1)]
    [InlineData("s", "1.5463008e9", 1_546_300_800_000)]
    [InlineData("s", "2026", 2_026_000)]
    [InlineData("ms", "1546300800", 1_546_300_800)]
    [InlineData("ms", "2026", 2_026)]
    [InlineData("ms", "1.9", 1)]
    [InlineData("us", "1546300800000999", 1_546_300_800_000)]
    [InlineData("us", "-1", -1)]
    [InlineData("ns", "1546300800999999999", 1_546_300_800_999)]
    [InlineData("ns", "5", 0)]
    public void Decode_DeclaredUnit_IsTakenAndFractionsAreCutTowardsThePast(string unit, string number, long expected)
    {
        string typed = $"timestamp: at, fields: {{at: timestamp({unit}), k: string}}";
        string mapped = $"timestamp: {{field: at, unit: {unit}}}, fields: {{k: string}}";

        Assert.Equal((expected, ""), Read(typed, $$"""{"at":{{number}},"k":"a"}"""));
        Assert.Equal((expected, ""), Read(mapped, $$"""{"at":{{number}},"k":"a"}"""));
    }

    [Fact]
    public void Decode_DeclaredUnitOfAnInteger_IsTheEventTimeAndTheFieldStaysAsItIs()
    {
        var record = new EventRecord(2);
        Decode("timestamp: {field: at, unit: s}, fields: {at: int64, k: string}", """{"at":7,"k":"a"}""", record);

        Assert.Equal((7_000, 7), (record.EventTimeMs, record.Fields[0].Int64));
    }

    [Theory]
    [InlineData("s", "9223372036854775807", "after the year 9999")]
    [InlineData("s", "-9223372036854775808", "before the year 1")]
    [InlineData("s", "253402300800", "after the year 9999")]
    [InlineData("us", "1e30", "after the year 9999")]
    public void Decode_DeclaredUnitOutOfRange_IsRefused(string unit, string number, string cause)
    {
        string integer = $"timestamp: {{field: at, unit: {unit}}}, fields: {{at: int64, k: string}}";
        string time = $"timestamp: {{field: at, unit: {unit}}}, fields: {{k: string}}";

        Assert.Contains(cause, Read(time, $$"""{"at":{{number}},"k":"a"}""").Message);
        Assert.Contains(
            number.Contains('e', StringComparison.Ordinal) ? "does not fit" : cause,
            Read(integer, $$"""{"at":{{number}},"k":"a"}""").Message);
    }

    [Theory]
    [InlineData("1780272000000", 1_780_272_000_000)]
    [InlineData("0", 0)]
    [InlineData("-5", -5)]
    [InlineData("2026-06-01T00:00:00.9999999Z", 1_780_272_000_999)]
    [InlineData("2026-06-01T00:00:00.99999999Z", 1_780_272_000_999)]
    [InlineData("2026-06-01T00:00:60Z", 1_780_272_060_000)]
    [InlineData("2026-06-01t02:00:00+02:00", 1_780_272_000_000)]
    [InlineData("0001-01-01T00:00:00Z", -62_135_596_800_000)]
    public void TryParse_Time_IsRead(string text, long expected)
    {
        Assert.True(TimeText.TryParse(text, out long milliseconds, out string wrong), wrong);
        Assert.Equal(expected, milliseconds);
    }

    [Theory]
    [InlineData("1780272002", "seconds")]
    [InlineData("2026", "a year")]
    [InlineData("1.5", "was meant")]
    [InlineData("1e12", "was meant")]
    [InlineData("+5", "was meant")]
    [InlineData(" 5", "was meant")]
    [InlineData("--5", "was meant")]
    [InlineData("-", "was meant")]
    [InlineData("", "was meant")]
    [InlineData("12/13", "was meant")]
    [InlineData("10:00", "was meant")]
    [InlineData("٣", "was meant")]
    [InlineData("1,767,225,600,000", "was meant")]
    [InlineData("-9223372036854775808", "nanoseconds")]
    [InlineData("-99999999999999", "before the year 1")]
    [InlineData("99999999999999999999", "after the year 9999")]
    public void TryParse_NoTime_IsRefusedWithTheCause(string text, string cause)
    {
        Assert.False(TimeText.TryParse(text, out _, out string wrong));
        Assert.Contains(cause, wrong);
    }

    [Theory]
    [InlineData("timestamp: {field: at, unit: m}, fields: {at: int64, k: string}", "unknown unit of a timestamp: 'm'")]
    [InlineData("timestamp: {unit: s}, fields: {at: int64, k: string}", "'timestamp' needs the name of a field")]
    [InlineData("timestamp: {field: k, unit: s}, fields: {at: int64, k: string}", "'timestamp' needs a field of type")]
    [InlineData("timestamp: {field: at, units: s}, fields: {at: int64, k: string}", "did you mean 'unit'")]
    [InlineData("timestamp: {field: at, unit: s}, fields: {at: timestamp(ms), k: string}", "declared as timestamp(ms)")]
    [InlineData("timestamp: at, fields: {at: timestamp(sec), k: string}", "unknown unit of a timestamp: 'sec'")]
    [InlineData("timestamp: at, fields: {at: int64(s), k: string}", "unknown type of field 'at'")]
    public void Parse_WrongUnit_IsRefused(string definition, string cause) =>
        Assert.Contains(Parse(definition).Errors, e => e.Message.Contains(cause, StringComparison.Ordinal));

    [Fact]
    public void OfState_AnotherUnit_IsAnotherHash()
    {
        DefinitionSet bare = Parse("timestamp: at, fields: {at: int64, k: string}").Set!;
        DefinitionSet seconds = Parse("timestamp: {field: at, unit: s}, fields: {at: int64, k: string}").Set!;

        Assert.NotEqual(
            DefinitionHash.OfState(bare, bare.Entities[0]), DefinitionHash.OfState(seconds, seconds.Entities[0]));
    }

    private static DefinitionReadResult Parse(string definition)
    {
        string uses = definition.Contains("made", StringComparison.Ordinal) ? ", m: e | max(made)" : "";
        return DefinitionFiles.Parse("d.yaml", $$"""
            version: 1
            events:
              e: {topic: t, key: k, {{definition}}}
            entities:
              x:
                from: {e: k}
                features: {n: e | count(){{uses}}}
            """);
    }

    private static (long TimeMs, string Message) Read(string definition, string json)
    {
        var record = new EventRecord(4);
        string message = Decode(definition, json, record);
        return (message.Length == 0 ? record.EventTimeMs : 0, message);
    }

    private static string Decode(string definition, string json, EventRecord into)
    {
        DefinitionReadResult read = Parse(definition);
        Assert.True(read.Set is not null, string.Join("; ", read.Errors.Select(e => e.Message)));
        // Everything is in the past of the year 9999, so only the unit decides.
        byte[] payload = Encoding.UTF8.GetBytes(json);
        return new JsonEventDecoder(read.Set, 0).Decode(payload, 0, payload.Length, TimeRange.MaxMs, into).Message;
    }
}
