using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>An accumulator whose result is one kept value: an extreme, or the first or last.</summary>
internal interface IKeptResult
{
    /// <summary>The value, null when there is none; a text is copied into <paramref name="arena"/>.</summary>
    Value ToValue(ResultArena arena);
}
