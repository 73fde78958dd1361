using System.Collections.Immutable;

namespace ContextGrid.Core.Definitions;

/// <summary>What reading definitions gave: a set, or all that is wrong.</summary>
/// <param name="Set">The definitions; null when there is an error.</param>
/// <param name="Errors">Every error found, in the order of file, line and column; empty when there is a set.</param>
public sealed record DefinitionReadResult(DefinitionSet? Set, ImmutableArray<DefinitionError> Errors);
