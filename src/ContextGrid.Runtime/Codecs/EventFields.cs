using ContextGrid.Core.Definitions;

namespace ContextGrid.Runtime.Codecs;

/// <summary>What the definitions want from the payloads of one event.</summary>
internal static class EventFields
{
    /// <summary>Which declared fields must be decoded, by field index.</summary>
    internal static bool[] Used(DefinitionSet definitions, int eventIndex)
    {
        bool[] used = new bool[definitions.Events[eventIndex].Fields.Length];
        Array.Fill(used, true);
        return used;
    }

    /// <summary>The fields that hold a key of some entity that consumes the event, ascending, each once.</summary>
    internal static int[] Keys(DefinitionSet definitions, int eventIndex) =>
    [
        .. definitions.Entities
            .SelectMany(entity => entity.Sources)
            .Where(source => source.EventIndex == eventIndex)
            .Select(source => source.KeyField)
            .Distinct()
            .Order(),
    ];
}
