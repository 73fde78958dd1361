using System.Globalization;

namespace ContextGrid.Runtime.Diagnostics;

/// <summary>A bound of the process is used up: nothing was done, and trying again in a moment may succeed.</summary>
/// <param name="limit">Which bound.</param>
public sealed class LimitReachedException(Limit limit) : Exception(string.Create(
    CultureInfo.InvariantCulture,
    $"The server's limit '{limit.Name}' of {limit.Max} is reached. Try again in a moment."))
{
    /// <summary>Which bound.</summary>
    public Limit Limit { get; } = limit;
}
