using System.Collections.Immutable;
using ContextGrid.Core.Definitions;

namespace ContextGrid.TestKit.Oracle;

/// <summary>Reads the product's definitions as data and parses their canonical text anew.</summary>
public static class OracleDefinitions
{
    /// <summary>The type of entity as the oracle knows it.</summary>
    public static OracleEntity Of(DefinitionSet definitions, string entityName)
    {
        EntityDefinition entity = definitions.Entities.Single(e => e.Name == entityName);
        return new OracleEntity(
            entityName,
            entity.Sources.ToImmutableDictionary(
                s => definitions.Events[s.EventIndex].Name,
                s => definitions.Events[s.EventIndex].Fields[s.KeyField].Name),
            entity.TtlMs,
            [.. entity.Features.Select(f => OracleParser.Feature(f.Name, FeatureText.Print(definitions, entity, f)))]);
    }
}
