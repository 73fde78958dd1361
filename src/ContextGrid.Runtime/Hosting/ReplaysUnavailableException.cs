namespace ContextGrid.Runtime.Hosting;

/// <summary>The replays can't be asked at present, since a silo, the log or the store of states does not answer. What
/// was asked for may have been done all the same; asking again does no harm.</summary>
/// <param name="inner">What does not answer.</param>
public sealed class ReplaysUnavailableException(Exception inner) : Exception(
    $"The replays can't be asked now: {inner.Message.ReplaceLineEndings(" ")}", inner);
