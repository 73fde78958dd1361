using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Orleans.Tests;

/// <summary>What silos log at the level of warnings or above. Thread-safe.</summary>
internal sealed class WarningLines : ILoggerProvider, ILogger
{
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    /// <summary>Waits for the first line that is wanted, and forgets those before it.</summary>
    internal async Task<string> FirstAsync(Func<string, bool> isWanted)
    {
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        while (true)
        {
            string line = await _lines.Reader.ReadAsync(limit.Token);
            if (isWanted(line))
            {
                return line;
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _lines.Writer.TryWrite(formatter(state, exception));
        }
    }

    public void Dispose()
    {
    }
}
