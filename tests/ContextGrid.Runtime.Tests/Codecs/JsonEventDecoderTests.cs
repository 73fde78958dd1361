using System.Text;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;
using static ContextGrid.Runtime.Tests.Codecs.PaymentEvents;

namespace ContextGrid.Runtime.Tests.Codecs;

public sealed class JsonEventDecoderTests
{
    private readonly EventRecord _record = Record();

    [Fact]
    public void Decode_GoodPayload_FillsTheRecord()
    {
        DecodeResult result = Decode(Good, _record);

        Assert.Equal("", result.Message);
        Assert.True(result.Succeeded && result.KeysKnown);
        Assert.Equal(NowMs, _record.EventTimeMs);
        Assert.Equal("p1", Text(Id));
        Assert.Equal("u7", Text(User));
        Assert.Equal(17, _record.Fields[Device].Int64);
        Assert.Equal(12.5, _record.Fields[Amount].Double);
        Assert.Equal(3, _record.Fields[Quantity].Int64);
        Assert.True(_record.Fields[Ok].Bool);
        Assert.Equal("[\"a\", 1, null]", _record.Fields[Tags].ToString());
        Assert.True(_record.Fields[Seen].IsNull);
        Assert.Equal(StableHash.Of("p1"u8), _record.IdHash);
        Assert.Equal(StableHash.Of(Encoding.UTF8.GetBytes(Good)), _record.ContentHash);
    }

    [Theory]
    [InlineData("""{ "user_id" : "u" , "ts":1769860800000 , "extra":{"a":[1,{"b":null}],"c":{}},"more":[] }""")]
    [InlineData("""{"us\u0065r_id":"\u0075","ts":"2026-01-31T14:00:00.000+02:00"}""")]
    [InlineData("""{"user_id":"u","device":null,"ts":1.7698608e12,"extra":1,"extra":2}""")]
    public void Decode_OtherSpelling_GivesTheSame(string json)
    {
        DecodeResult result = Decode(json, _record);

        Assert.Equal("", result.Message);
        Assert.Equal("u", Text(User));
        Assert.Equal(NowMs, _record.EventTimeMs);
        Assert.Equal(0ul, _record.IdHash);
    }

    [Theory]
    [InlineData("1.0", 1)]
    [InlineData("10e-1", 1)]
    [InlineData("-0", 0)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("-9223372036854775808", long.MinValue)]
    [InlineData("9007199254740993.0", 9007199254740993)]
    [InlineData("1e18", 1_000_000_000_000_000_000)]
    [InlineData("1.00000000000000000000000000", 1)]
    public void Decode_WholeNumberForInt64_IsExact(string number, long expected)
    {
        Assert.Equal("", Decode(Changed("3", number, "quantity"), _record).Message);
        Assert.Equal(expected, _record.Fields[Quantity].Int64);
    }

    [Theory]
    [InlineData("0.1")]
    [InlineData("1e22")]
    [InlineData("-0.0")]
    [InlineData("123456789012345678901234567890")]
    [InlineData("2.2250738585072011e-308")]
    [InlineData("1.7976931348623157e308")]
    [InlineData("5e-324")]
    [InlineData("1e-999999999999")]
    [InlineData("0e999999999999")]
    [InlineData("9007199254740993")]
    public void Decode_Double_IsTheNearest(string number)
    {
        Assert.Equal("", Decode(Changed("12.5", number, "amount"), _record).Message);
        double expected = double.Parse(number, System.Globalization.CultureInfo.InvariantCulture) + 0.0;
        double actual = _record.Fields[Amount].Double;
        Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(actual));
    }

    [Theory]
    [InlineData("2026-01-31T12:00:00Z", 1769860800000)]
    [InlineData("2026-01-31t12:00:00.9999999z", 1769860800999)]
    [InlineData("2026-01-31 12:00:00.5-00:30", 1769862600500)]
    [InlineData("2025-12-31T23:59:60Z", 1767225600000)]
    [InlineData("0001-01-01T00:00:00Z", -62135596800000)]
    [InlineData("9999-12-31T23:59:59.999Z", 253402300799999)]
    public void Decode_Rfc3339_GivesMilliseconds(string text, long expected)
    {
        Assert.Equal("", Decode(Good.Replace("\"ts\"", $"\"seen\":\"{text}\",\"ts\""), _record).Message);
        Assert.Equal(expected, _record.Fields[Seen].Int64);
    }

    [Theory]
    [InlineData("\"text\"")]
    [InlineData("7")]
    [InlineData("1e400")]
    public void Decode_FieldThatNoDefinitionUses_IsNotLookedAt(string value)
    {
        Assert.Equal("", Decode(Good.Replace("\"ts\"", $"\"unused\":{value},\"ts\""), _record).Message);
        Assert.True(_record.Fields[Unused].IsNull);
    }

    [Fact]
    public void Decode_EscapedTexts_StayValidTogether()
    {
        string json =
            """{"payment_id":"\"\\\/\b\f\n\r\t","user_id":"\ud83d\ude00 \u00e9","tags":["\u0041"],"ts":"""
            + "1769860800000}";

        Assert.Equal("", Decode(json, _record).Message);
        Assert.Equal("\"\\/\b\f\n\r\t", Text(Id));
        Assert.Equal("😀 é", Text(User));
        Assert.Equal("A", Encoding.UTF8.GetString(_record.Fields[Tags].Items[0].Utf8));
    }

    [Fact]
    public void Decode_SteadyState_AllocatesNothing()
    {
        byte[][] payloads =
        [
            Encoding.UTF8.GetBytes(Good),
            Encoding.UTF8.GetBytes("""{"user_id":"\u0075","ts":"2026-01-31T14:00:00+02:00","x":[{}]}"""),
            Encoding.UTF8.GetBytes("""{"user_id":5,"ts":1,"x":[{}]"""),
        ];
        JsonEventDecoder decoder = Decoder();
        long before = 0;
        for (int i = 0; i < 3000; i++)
        {
            before = i == 1000 ? GC.GetAllocatedBytesForCurrentThread() : before;
            decoder.Decode(payloads[i % 3], 0, payloads[i % 3].Length, NowMs, _record);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void TryGet_Keys_GivesTextOrDecimal()
    {
        Decode(Good.Replace("17", "-9223372036854775808"), _record);
        Span<byte> digits = stackalloc byte[EntityKey.DigitsMax];

        Assert.True(EntityKey.TryGet(_record, Definitions.Entities[0].Sources[0], digits, out ReadOnlySpan<byte> key));
        Assert.Equal("-9223372036854775808", Encoding.UTF8.GetString(key));
        Assert.True(EntityKey.TryGet(_record, Definitions.Entities[1].Sources[0], digits, out key));
        Assert.Equal("u7", Encoding.UTF8.GetString(key));
        Decode(Good.Replace("17", "null"), _record);
        Assert.False(EntityKey.TryGet(_record, Definitions.Entities[0].Sources[0], digits, out _));
    }

    private string Text(int field) => Encoding.UTF8.GetString(_record.Fields[field].Utf8);

    private static string Changed(string from, string to, string member) =>
        Good.Replace($"\"{member}\":{from}", $"\"{member}\":{to}");
}
