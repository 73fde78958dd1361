using System.Globalization;
using System.Text;
using System.Text.Json;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;
using static ContextGrid.Runtime.Tests.Codecs.PaymentEvents;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>Random payloads from a printed seed, with System.Text.Json as the reference.</summary>
public sealed class JsonEventDecoderPropertyTests(ITestOutputHelper output)
{
    private const int Payloads = 20_000;

    private readonly EventRecord _record = Record();
    private readonly JsonEventDecoder _decoder = Decoder();

    [Fact]
    public void Decode_RandomObjects_GivesWhatTheReferenceGives()
    {
        var random = PropertyRun.NewRandom(output);
        for (int i = 0; i < Payloads; i++)
        {
            string json = RandomPayload.Valid(random);
            byte[] payload = Encoding.UTF8.GetBytes(json);

            DecodeResult result = _decoder.Decode(payload, 0, payload.Length, NowMs, _record);

            Assert.True(result.Succeeded, $"payload {i}: {json}: {result.Message}");
            AssertSame(json);
        }
    }

    [Fact]
    public void Decode_RandomDamage_NeverThrowsAndAgreesOnWhatIsJson()
    {
        var random = PropertyRun.NewRandom(output);
        int refused = 0;
        for (int i = 0; i < Payloads; i++)
        {
            byte[] payload = RandomPayload.Damage(Encoding.UTF8.GetBytes(RandomPayload.Valid(random)), random);

            DecodeResult result = _decoder.Decode(payload, 0, payload.Length, NowMs, _record);

            string shown = $"payload {i}: {Encoding.UTF8.GetString(payload)}: {result.Message}";
            Assert.True(result.Succeeded == (result.Message.Length == 0), shown);
            Assert.True(result.Position >= 0 && result.Position <= payload.Length, shown);
            bool isJson = PropertyRun.IsJson(payload);
            Assert.True(isJson || !result.Succeeded, shown);
            Assert.True(!isJson || result.Error != DecodeError.InvalidJson, shown);
            refused += result.Succeeded ? 0 : 1;
        }

        output.WriteLine($"{refused} of {Payloads} refused");
        Assert.InRange(refused, Payloads / 2, Payloads);
    }

    [Fact]
    public void Decode_EveryTruncation_IsRefused()
    {
        byte[] payload = Encoding.UTF8.GetBytes(Good);
        for (int length = 0; length < payload.Length; length++)
        {
            DecodeResult result = _decoder.Decode(payload, 0, length, NowMs, _record);

            Assert.Equal("invalid_json", result.Reason);
            Assert.Contains(length == 0 ? "empty" : "ends too early", result.Message);
        }
    }

    private void AssertSame(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        for (int field = 0; field < Payment.Fields.Length; field++)
        {
            Value value = _record.Fields[field];
            bool present = document.RootElement.TryGetProperty(Payment.Fields[field].Name, out JsonElement expected)
                && expected.ValueKind != JsonValueKind.Null;
            Assert.True(present == !value.IsNull, $"{json}: field {field}");
            if (present)
            {
                AssertSame(value, expected, json);
            }
        }
    }

    private static void AssertSame(in Value value, JsonElement expected, string json)
    {
        switch (value.Kind)
        {
            case ValueKind.Bool:
                Assert.Equal(expected.GetBoolean(), value.Bool);
                break;
            case ValueKind.Double:
                Assert.True(expected.GetDouble() == value.Double, json);
                break;
            case ValueKind.Int64:
                Assert.True(decimal.Parse(expected.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture)
                    == value.Int64, json);
                break;
            case ValueKind.String:
                Assert.Equal(expected.GetString(), Encoding.UTF8.GetString(value.Utf8));
                break;
            case ValueKind.Timestamp:
                long milliseconds = expected.ValueKind == JsonValueKind.Number
                    ? (long)expected.GetDouble()
                    : expected.GetDateTimeOffset().ToUnixTimeMilliseconds();
                Assert.Equal(milliseconds, value.Int64);
                break;
            case ValueKind.List:
                Assert.Equal(expected.GetArrayLength(), value.Items.Length);
                break;
        }
    }
}
