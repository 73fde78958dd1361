using ContextGrid.Orleans.Operations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Orleans.Tests.Operations;

/// <summary>Orleans names grains in its log; keys of entities may be personal data.</summary>
public sealed class KeylessLoggersTests
{
    private const string Key = "anna@example.com, 12 High Street";

    [Fact]
    public void Log_OrleansNamesAnEntity_KeyIsLeftOut()
    {
        var lines = new Lines();
        using ServiceProvider services = Build(lines);
        ILogger log = services.GetRequiredService<ILoggerFactory>().CreateLogger("Orleans.Runtime.Catalog");
        log.LogWarning("Request [{Grain}] took long", "S127.0.0.1:1:2 entity/user/" + Key);
        log.LogError(
            new InvalidOperationException("first\nentity/user/" + Key + " failed\nlast"),
            "Grain {Id}", "entity/x/" + Key);
        log.LogWarning("Silo {Silo} is {Status}", "S127.0.0.1:1:2", "Dead");
        Assert.All(lines.Written, l => Assert.DoesNotContain("High Street", l, StringComparison.Ordinal));
        Assert.Equal("Request [S127.0.0.1:1:2 entity/…", lines.Written[0]);
        Assert.Equal("Silo S127.0.0.1:1:2 is Dead", lines.Written[2]);
        Assert.Contains("last", lines.Written[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Log_OtherCategory_IsLeftAlone()
    {
        var lines = new Lines();
        using ServiceProvider services = Build(lines);
        services.GetRequiredService<ILoggerFactory>().CreateLogger("ContextGrid").LogWarning("entity/user/u1");
        Assert.Equal(["entity/user/u1"], lines.Written);
    }

    [Fact]
    public void Dispose_LoggersOfSomebodyElse_StayOpen()
    {
        var lines = new Lines();
        using ILoggerFactory others = LoggerFactory.Create(l => l.AddProvider(lines));
        var services = new ServiceCollection();
        services.AddSingleton(others);
        KeylessLoggers.Use(services);
        using (ServiceProvider provider = services.BuildServiceProvider())
        {
            provider.GetRequiredService<ILoggerFactory>().CreateLogger("Orleans.X").LogWarning("one");
        }

        others.CreateLogger("x").LogWarning("two");
        Assert.Equal(["one", "two"], lines.Written);
    }

    private static ServiceProvider Build(Lines lines)
    {
        var services = new ServiceCollection();
        services.AddLogging(l => l.AddProvider(lines));
        KeylessLoggers.Use(services);
        return services.BuildServiceProvider();
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        internal List<string> Written { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) => Written.Add(formatter(state, exception) + exception);

        public void Dispose()
        {
        }
    }
}
