using System.Collections.Immutable;

namespace ContextGrid.Runtime.Verification;

/// <summary>What a check of a data directory came to.</summary>
public sealed record VerifySummary
{
    /// <summary>Findings that are only worth knowing.</summary>
    public int Infos { get; init; }

    /// <summary>Findings that are wrong and cost nothing at the next start.</summary>
    public int Warnings { get; init; }

    /// <summary>Findings that mean damage, loss, or a refused start.</summary>
    public int Errors { get; init; }

    /// <summary>The bytes that were read.</summary>
    public long Bytes { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>What the next start does, in one sentence.</summary>
    public required string NextStart { get; init; }

    /// <summary>Where a repair has moved things, relative to the directory; null: nothing was moved.</summary>
    public string? AsideDirectory { get; init; }

    /// <summary>What a repair has moved, relative to the directory.</summary>
    public ImmutableArray<string> Moved { get; init; } = [];

    /// <summary>Whether nothing is wrong.</summary>
    public bool IsSound => Warnings == 0 && Errors == 0;
}
