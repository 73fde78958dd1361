using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Orleans.Replay;

/// <summary>
/// Asks at intervals for each replay that is not done: so it goes on somewhere after its silo has died, and its grain
/// stays in memory. Every silo does so.
/// </summary>
internal sealed partial class ReplayService(ReplayParts parts, ILogger<ReplayService> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly ILogger _logger = logger;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                foreach (ReplayEntry entry in await parts.Index.ListAsync().AsTask().WaitAsync(stoppingToken))
                {
                    await ResumeAsync(entry, stoppingToken);
                }
            }
            catch (Exception e)
            {
                // The loop's edge: the next round asks again.
                if (!stoppingToken.IsCancellationRequested)
                {
                    LogNotAsked("The index", e.Message);
                }
            }

            await Task.WhenAny(Task.Delay(Interval, parts.Source.Time, stoppingToken));
        }
    }

    // One that can't be reached holds up no other.
    private async ValueTask ResumeAsync(ReplayEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            if (!entry.HasEnded || entry.IsLeaving)
            {
                await parts.GrainOf(entry.Id).ResumeAsync().AsTask().WaitAsync(cancellationToken);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotAsked(entry.Id, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Replay} of the replays does not answer: {Message} It is asked again.")]
    private partial void LogNotAsked(string replay, string message);
}
