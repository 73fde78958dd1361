using System.Collections.Immutable;

namespace ContextGrid.Core.Definitions;

/// <summary>A node of a definition file, whatever its notation, with the place where it stands.</summary>
/// <param name="Place">Where the node starts.</param>
public abstract record DefinitionNode(DefinitionPlace Place);

/// <summary>Text.</summary>
/// <param name="Place">Where the text starts.</param>
/// <param name="Text">The content, without quotes.</param>
/// <param name="Places">
/// Where each UTF-16 unit of the content stands in the file, when the content does not stand in one piece behind
/// <paramref name="Place"/>; else empty.
/// </param>
public sealed record DefinitionScalar(DefinitionPlace Place, string Text, ImmutableArray<DefinitionPlace> Places)
    : DefinitionNode(Place)
{
    /// <summary>Where a UTF-16 unit of the content stands in the file.</summary>
    public DefinitionPlace At(int offset) =>
        Places.Length == 0 ? Place with { Column = Place.Column + offset }
        : offset < Places.Length ? Places[offset]
        : Places[^1] with { Column = Places[^1].Column + 1 };
}

/// <summary>Keys with values, in the order of the file. Keys are unique: the reader has refused others.</summary>
/// <param name="Place">Where the mapping starts.</param>
/// <param name="Entries">The keys with their values.</param>
public sealed record DefinitionMapping(DefinitionPlace Place, ImmutableArray<DefinitionEntry> Entries)
    : DefinitionNode(Place);

/// <summary>A key with its value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
public sealed record DefinitionEntry(DefinitionScalar Key, DefinitionNode Value);

/// <summary>Items in order.</summary>
/// <param name="Place">Where the sequence starts.</param>
/// <param name="Items">The items.</param>
public sealed record DefinitionSequence(DefinitionPlace Place, ImmutableArray<DefinitionNode> Items)
    : DefinitionNode(Place);

/// <summary>A place in a file.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1, in UTF-16 units.</param>
public readonly record struct DefinitionPlace(string File, int Line, int Column);
