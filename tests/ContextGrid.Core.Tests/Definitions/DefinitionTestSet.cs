using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Tests.Expressions;

namespace ContextGrid.Core.Tests.Definitions;

/// <summary>An event over the slots of <see cref="ExpressionTestScope"/> and an entity that consumes it.</summary>
internal static class DefinitionTestSet
{
    internal static readonly EventDefinition Event = new(
        "test", "tests", EventFormat.Json, 8, -1, 600_000, 4, 300_000, null,
        [.. ExpressionTestScope.Slots.Select(s => new FieldDefinition(s.Name, s.Type, null))]);

    internal static readonly EntityDefinition Entity = new("user", [new EntitySource(0, 4)], 0, 3_600_000, 2_000, []);

    internal static readonly DefinitionSet Set = new([Event], [Entity]);

    internal static FeatureDefinition Feature(string line, string name = "f")
    {
        var errors = new LanguageErrors();
        FeatureDefinition? feature = FeatureText.Parse(Set, Entity, name, line, errors);
        Assert.True(feature is not null, $"{line}: {string.Join("; ", errors.All)}");
        return feature;
    }

    internal static (DefinitionSet Set, EntityDefinition Entity) With(EventDefinition definition, params string[] lines)
    {
        IEnumerable<FeatureDefinition> features = lines.Select((l, i) => Feature(l, "f" + (char)('a' + i)));
        EntityDefinition entity = Entity with { Features = [.. features] };
        return (new DefinitionSet([definition], [entity]), entity);
    }
}
