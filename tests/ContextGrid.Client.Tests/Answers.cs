using ContextGrid.Contracts.V1;
using Google.Protobuf.WellKnownTypes;
using ListValue = ContextGrid.Contracts.V1.ListValue;
using Value = ContextGrid.Contracts.V1.Value;

namespace ContextGrid.Client.Tests;

/// <summary>Answers as a server gives them.</summary>
internal static class Answers
{
    public const string GetContext = "/contextgrid.v1.ContextService/GetContext";
    public const string Watch = "/contextgrid.v1.ContextService/WatchContext";
    public const string Publish = "/contextgrid.v1.IngestService/Publish";
    public const string PublishStream = "/contextgrid.v1.IngestService/PublishStream";
    public const string GetStatus = "/contextgrid.v1.AdminService/GetStatus";

    public static GetContextResponse Context(string key = "u1")
    {
        var list = new Value { ListValue = new ListValue { Items = { Int(3), new Value() } } };
        var map = new Value { MapValue = new MapValue() };
        map.MapValue.Entries.Add(new MapEntry { Key = new Value { StringValue = "DE" }, Value = Int(7) });
        var entity = new EntityContext { Key = key, HeadMs = 10_000, NewestEventMs = 9_000 };
        entity.Values.Add([Int(5), new Value { DoubleValue = 2.5 }, new Value { StringValue = "x" }, list, map, new()]);
        for (var i = 0; i < 5; i++)
            entity.Statuses.Add(FeatureStatus.Present);
        entity.Statuses.Add(FeatureStatus.NeverSeen);
        entity.EventTimesMs.Add([9_000, 9_000, 9_000, 9_000, 9_000, EntityContext.NoEventMs]);
        entity.Notes.Add([0, 1, 0, 0, 0, 0]);
        var type = new TypeHeader { Type = "user", DefinitionVersion = 2 };
        type.Features.Add(["n", "avg", "last", "list", "map", "none"]);
        return new GetContextResponse
        {
            AsOf = Timestamp.FromDateTimeOffset(DateTimeOffset.FromUnixTimeMilliseconds(10_000)),
            Types_ = { type },
            Entities = { entity },
        };
    }

    private static Value Int(long value) => new() { Int64Value = value };
}
