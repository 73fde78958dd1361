using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace ContextGrid.Orleans.Topology;

/// <summary>
/// Waits before a start until the service with the list of members answers: silos that start with it, as after a power
/// cut, need not be started again. A refused password or a wrong option is no reason to wait.
/// </summary>
internal static partial class MembersWait
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(30);

    /// <summary>Waits.</summary>
    /// <param name="options">Where the list is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Is told at once, and each 30 seconds, for what the silo waits.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal static Task WaitAsync(
        SiloOptions options, TimeProvider time, ILogger log, CancellationToken cancellationToken) => options switch
        {
            { Membership: not null } => Task.CompletedTask,
            { Redis: { } redis } => WaitAsync(
                $"Redis at {RedisAddress(redis)}", () => AskRedisAsync(redis), time, log, cancellationToken),
            { Tables: { } tables } => WaitAsync(
                "Azure Table storage", () => AskTablesAsync(tables, cancellationToken), time, log, cancellationToken),
            _ => Task.CompletedTask,
        };

    private static async Task WaitAsync(
        string keeper, Func<Task<string?>> ask, TimeProvider time, ILogger log, CancellationToken cancellationToken)
    {
        long? logged = null;
        while (await ask() is { } why)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (logged is not { } last || time.GetElapsedTime(last) >= LogInterval)
            {
                logged = time.GetTimestamp();
                LogWait(log, keeper, why.ReplaceLineEndings(" "));
            }

            await Task.Delay(RetryDelay, time, cancellationToken);
        }
    }

    // Without options, among which a password may be.
    private static string RedisAddress(string options) => options.Split(',')[0];

    private static async Task<string?> AskRedisAsync(string text)
    {
        ConfigurationOptions options = ConfigurationOptions.Parse(text);
        (options.AbortOnConnectFail, options.ConnectRetry) = (true, 1);
        try
        {
            await using ConnectionMultiplexer redis = await ConnectionMultiplexer.ConnectAsync(options);
            await redis.GetDatabase().PingAsync();
            return null;
        }
        catch (RedisConnectionException e) when (e.FailureType != ConnectionFailureType.AuthenticationFailure)
        {
            return "no connection";
        }
        catch (RedisTimeoutException)
        {
            return "no answer in time";
        }
        catch (RedisServerException e) when (e.Message.StartsWith("LOADING", StringComparison.Ordinal))
        {
            return "it reads its data";
        }
    }

    private static async Task<string?> AskTablesAsync(string connection, CancellationToken cancellationToken)
    {
        var options = new TableClientOptions();
        (options.Retry.MaxRetries, options.Retry.NetworkTimeout) = (0, TimeSpan.FromSeconds(5));
        try
        {
            await foreach (var _ in new TableServiceClient(connection, options).QueryAsync(
                maxPerPage: 1, cancellationToken: cancellationToken))
            {
                break;
            }

            return null;
        }
        catch (RequestFailedException e) when (e.Status is 0 or >= 500)
        {
            return e.Status == 0 ? "no connection" : $"it answers {e.Status}";
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "no answer in time";
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Waiting for {Keeper}, which keeps the list of members: {Why}.")]
    private static partial void LogWait(ILogger log, string keeper, string why);
}
