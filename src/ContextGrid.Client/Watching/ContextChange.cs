namespace ContextGrid.Client;

/// <summary>Entities that changed while they were watched.</summary>
/// <param name="Context">The changed entities.</param>
/// <param name="ResumeToken">For <see cref="WatchRequest.ResumeToken"/> when watching again.</param>
public sealed record ContextChange(ContextResult Context, ReadOnlyMemory<byte> ResumeToken);
