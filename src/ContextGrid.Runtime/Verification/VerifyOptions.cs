using ContextGrid.Core.Definitions;

namespace ContextGrid.Runtime.Verification;

/// <summary>How a data directory is checked.</summary>
public sealed record VerifyOptions
{
    /// <summary>The data directory.</summary>
    public required string Directory { get; init; }

    /// <summary>Definitions to decode snapshots with; null: snapshots are checked by version and CRC only.</summary>
    public DefinitionSet? Definitions { get; init; }

    /// <summary>
    /// Whether what a start is better off without is moved to <c>aside-TIME/</c>. Nothing is ever deleted or rewritten.
    /// </summary>
    public bool Repair { get; init; }

    /// <summary>
    /// Damaged segments of the log, relative to the directory, that a repair may move aside with every older one of
    /// their partition. That gives up records, so each is named by the caller.
    /// </summary>
    public IReadOnlyList<string> GiveUp { get; init; } = [];
}
