namespace ContextGrid.Runtime.Hosting;

/// <summary>Starts what runs beside everything else.</summary>
internal static class BackgroundTask
{
    /// <summary>Starts work as a task of its own: whoever starts it goes on at once.</summary>
    /// <param name="run">The work.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Ends with the work.</returns>
    internal static async Task StartAsync(
        Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        await Task.Yield();
        await run(cancellationToken);
    }
}
