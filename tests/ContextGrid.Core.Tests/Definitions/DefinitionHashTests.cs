using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Tests.Definitions;

public sealed class DefinitionHashTests
{
    private static readonly ulong Base = State(DefinitionTestSet.Event, "test | count() over 1h", "test | sum(x)");

    [Fact]
    public void OfState_OrderNamesOwnerAndDerivedFeatures_DoNotMatter()
    {
        EventDefinition other = DefinitionTestSet.Event with { Owner = "somebody" };

        Assert.Equal(Base, State(other, "test | sum( x )", "test | count() over 60m", "1 + 1"));
    }

    [Fact]
    public void OfState_WhatDeterminesState_Matters()
    {
        EventDefinition definition = DefinitionTestSet.Event;
        FieldDefinition x = definition.Fields[2] with { Type = ValueKind.Int64 };
        FieldDefinition unused = definition.Fields[3] with { Type = ValueKind.Int64 };
        string[] lines = ["test | count() over 1h", "test | sum(x)"];

        Assert.NotEqual(Base, State(definition, "test | count() over 2h", "test | sum(x)"));
        Assert.NotEqual(Base, State(definition, "test | count() over 1h"));
        Assert.NotEqual(Base, State(definition with { Topic = "other" }, lines));
        Assert.NotEqual(Base, State(definition with { TimestampField = -1 }, lines));
        Assert.NotEqual(Base, State(definition with { DedupeMs = 1 }, lines));
        EventDefinition ids = definition with { IdField = 2, KeyField = 1 };
        Assert.NotEqual(State(ids, lines), State(ids with { IdsPerKey = true }, lines));
        Assert.NotEqual(Base, State(definition with { Fields = definition.Fields.SetItem(2, x) }, lines));
        Assert.Equal(Base, State(definition with { Fields = definition.Fields.SetItem(3, unused) }, lines));
    }

    [Fact]
    public void OfSet_AnyDifference_Matters()
    {
        EventDefinition definition = DefinitionTestSet.Event;
        (DefinitionSet set, EntityDefinition entity) = DefinitionTestSet.With(definition, "test | sum(x)", "1 + 1");
        ulong hash = DefinitionHash.OfSet(set);

        Assert.Equal(hash, DefinitionHash.OfSet(new DefinitionSet(set.Events, set.Entities)));
        Assert.NotEqual(hash, DefinitionHash.OfSet(new DefinitionSet(set.Events, [entity with { TtlMs = 1_000 }])));
        Assert.NotEqual(
            hash, DefinitionHash.OfSet(new DefinitionSet([definition with { Owner = "o" }], set.Entities)));
        Assert.NotEqual(hash, DefinitionHash.OfSet(DefinitionTestSet.With(definition, "test | sum(x)").Set));
    }

    private static ulong State(EventDefinition definition, params string[] lines)
    {
        (DefinitionSet set, EntityDefinition entity) = DefinitionTestSet.With(definition, lines);
        return DefinitionHash.OfState(set, entity);
    }
}
