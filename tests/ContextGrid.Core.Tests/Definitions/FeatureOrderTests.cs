using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Tests.Definitions;

public sealed class FeatureOrderTests
{
    [Fact]
    public void Sort_DerivedFeatures_ComeAfterWhatTheyRead()
    {
        EntityDefinition entity = Entity(
            Derived("a", Slot(3)), DefinitionTestSet.Feature("test | count()", "b"), Derived("c"),
            Derived("d", Slot(2)));

        Assert.Equal([1, 2, 3, 0], FeatureOrder.Sort(entity));
    }

    [Fact]
    public void Sort_Cycle_IsRefusedWithItsPath()
    {
        EntityDefinition entity = Entity(Derived("a", Slot(1)), Derived("b", Slot(2)), Derived("c", Slot(1)));

        ArgumentException refused = Assert.Throws<ArgumentException>(() => FeatureOrder.Sort(entity));

        Assert.StartsWith("The derived features form a cycle: b → c → b.", refused.Message, StringComparison.Ordinal);
    }

    private static EntityDefinition Entity(params FeatureDefinition[] features) =>
        DefinitionTestSet.Entity with { Features = [.. features] };

    private static SlotExpression Slot(int slot) => new(slot, "abcd"[slot].ToString(), ValueKind.Int64);

    private static DerivedFeature Derived(string name, SlotExpression? reads = null) =>
        new(name, reads ?? (Expression)new LiteralExpression(Value.Of(1L)));
}
