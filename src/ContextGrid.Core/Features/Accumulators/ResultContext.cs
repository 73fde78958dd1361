using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>What a result needs besides the accumulators.</summary>
/// <param name="HeadMs">The head of the query, milliseconds since the Unix epoch.</param>
/// <param name="WindowSizeMs">
/// The window's nominal size in milliseconds, for rates; 0 for windows without a fixed size.
/// </param>
/// <param name="NewestMatchMs">
/// Time of the newest event in the window, for since_last; <see cref="long.MinValue"/> when there is none.
/// </param>
/// <param name="InputKind">The static type of the aggregate's input; Null without one.</param>
public readonly record struct ResultContext(long HeadMs, long WindowSizeMs, long NewestMatchMs, ValueKind InputKind);
