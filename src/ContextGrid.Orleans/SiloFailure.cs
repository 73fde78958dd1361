using Orleans.Runtime;

namespace ContextGrid.Orleans;

/// <summary>
/// Takes the end of a silo that the others have declared dead, such as one whose process stood still: it must not go
/// on, and its process ends with one line instead of a dump. Thread-safe.
/// </summary>
internal sealed class SiloFailure : IFatalErrorHandler
{
    // Orleans goes on with all that it knows of all silos.
    private const string ToldDead = "I have been told I am dead";

    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with an exception when the silo can't go on.</summary>
    internal Task Failed => _failed.Task;

    /// <inheritdoc/>
    public bool IsUnexpected(Exception exception) => exception is not (ObjectDisposedException
        or OperationCanceledException);

    /// <inheritdoc/>
    public void OnFatalException(object? sender, string? context, Exception? exception) =>
        End(context?.StartsWith(ToldDead, StringComparison.Ordinal) == true
            ? "the other silos have declared it dead, as they do when it does not answer them for seconds."
            : (context ?? exception?.Message ?? "it has failed").ReplaceLineEndings(" "));

    /// <summary>Ends the silo.</summary>
    /// <param name="why">In a sentence that goes on after a colon.</param>
    internal void End(string why) => _failed.TrySetException(new InvalidOperationException(
        $"this silo can't go on: {why} Start it again; it joins as a new one."));
}
