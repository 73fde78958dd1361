using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Orleans.Operations;

/// <summary>Loggers that write what Orleans logs without keys of entities. Thread-safe.</summary>
/// <param name="inner">Writes.</param>
/// <param name="isOwned">Whether it ends with this.</param>
internal sealed class KeylessLoggers(ILoggerFactory inner, bool isOwned) : ILoggerFactory
{
    private const string OrleansPrefix = "Orleans.";

    /// <summary>Puts them in front of the loggers that are registered.</summary>
    internal static void Use(IServiceCollection services)
    {
        ServiceDescriptor wrapped = services.Last(s => s.ServiceType == typeof(ILoggerFactory));
        services.AddSingleton<ILoggerFactory>(provider => wrapped switch
        {
            { ImplementationInstance: ILoggerFactory instance } => new KeylessLoggers(instance, isOwned: false),
            { ImplementationFactory: { } make } => new KeylessLoggers((ILoggerFactory)make(provider), isOwned: true),
            _ => new KeylessLoggers(
                (ILoggerFactory)ActivatorUtilities.CreateInstance(provider, wrapped.ImplementationType!),
                isOwned: true), // A descriptor has one of the three.
        });
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName)
    {
        ILogger logger = inner.CreateLogger(categoryName);
        return categoryName.StartsWith(OrleansPrefix, StringComparison.Ordinal) ? new Keyless(logger) : logger;
    }

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (isOwned)
        {
            inner.Dispose();
        }
    }

    private sealed class Keyless(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            (string text, string? trace) = (formatter(state, exception), exception?.ToString());
            if (!EntityKeys.MayBeIn(text) && !EntityKeys.MayBeIn(trace))
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
                return;
            }

            string hidden = EntityKeys.Hide(trace is null ? text : $"{text}\n{trace}");
            inner.Log(logLevel, eventId, hidden, null, static (line, _) => line);
        }
    }
}
