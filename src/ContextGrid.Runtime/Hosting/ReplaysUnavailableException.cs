namespace ContextGrid.Runtime.Hosting;

/// <summary>The replays can't be asked at present, since a silo, the log or the store of states does not answer. What
/// was asked for may have been done all the same; asking again does no harm.</summary>
/// <param name="why">What does not answer, in a sentence.</param>
/// <param name="inner">The cause.</param>
public sealed class ReplaysUnavailableException(string why, Exception? inner = null)
    : Exception($"The replays can't be asked now: {why}", inner);
