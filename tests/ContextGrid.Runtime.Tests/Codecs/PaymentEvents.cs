using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>The definitions and the payload that the codecs' tests share.</summary>
internal static class PaymentEvents
{
    /// <summary>2026-01-31T12:00:00Z.</summary>
    internal const long NowMs = 1_769_860_800_000;

    internal const string Good =
        """{"payment_id":"p1","user_id":"u7","device":17,"amount":12.5,"quantity":3"""
        + ""","ok":true,"tags":["a",1,null],"ts":1769860800000}""";

    internal const int Id = 0, User = 1, Device = 2, Amount = 3, Quantity = 4;

    internal const int Ok = 5, Tags = 6, Ts = 7, Seen = 8, Unused = 9;

    internal static readonly EventDefinition Payment = new(
        "payment", "payments", EventFormat.Json, TimestampField: Ts, IdField: Id, DedupeMs: 600_000, KeyField: User,
        FutureMsMax: 300_000, Owner: null,
        [
            new("payment_id", ValueKind.String, null),
            new("user_id", ValueKind.String, null),
            new("device", ValueKind.Int64, null),
            new("amount", ValueKind.Double, null),
            new("quantity", ValueKind.Int64, null),
            new("ok", ValueKind.Bool, null),
            new("tags", ValueKind.List, null),
            new("ts", ValueKind.Timestamp, null),
            new("seen", ValueKind.Timestamp, null),
            new("unused", ValueKind.Int64, null),
        ]);

    internal static readonly DefinitionSet Definitions = new(
        [Payment],
        [
            new("device", [new EntitySource(0, Device)], 0, 0, 0, []),
            new("user", [new EntitySource(0, User)], 0, 0, 0, [.. Payment.Fields.SkipLast(1).Select(CountOf)]),
        ]);

    private static FeatureDefinition CountOf(FieldDefinition field, int index)
    {
        var input = new SlotExpression(index, field.Name, field.Type);
        var call = new AggregateCall(AggregateKind.Count, input, null, 0, 0, 0, []);
        return new AggregateFeature(
            field.Name, ValueKind.Int64, 0, call, null, 0, WindowDefinition.Lifetime, null);
    }

    internal static JsonEventDecoder Decoder() => new(Definitions, 0);

    internal static EventRecord Record() => new(Payment.Fields.Length);

    internal static DecodeResult Decode(string json, EventRecord into) => Decode(Encoding.UTF8.GetBytes(json), into);

    /// <summary>Decodes from the middle of a larger buffer, as a log batch does.</summary>
    internal static DecodeResult Decode(byte[] payload, EventRecord into)
    {
        byte[] buffer = [(byte)'"', (byte)'{', .. payload, (byte)'}'];
        return Decoder().Decode(buffer, 2, payload.Length, NowMs, into);
    }
}
