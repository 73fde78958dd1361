using ContextGrid.Runtime.Diagnostics;
using ContextGrid.Server.Limits;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace ContextGrid.Server.Tests;

/// <summary>Lines of the log, which a silo writes by the same loggers.</summary>
public sealed class LogLineTests
{
    [Fact]
    public async Task Log_AnEntryWithAnException_IsOneLineThatBeginsWithTheTimeInUtc()
    {
        ServerOptions? options = null;
        ServerOptions.Parse(["--http", "0", "--grpc", "0"], parsed =>
        {
            options = parsed;
            return Task.FromResult(0);
        });
        Assert.NotNull(options);
        using var metrics = new GridMetrics();
        var gates = new ServerGates(options.Limits, metrics, TimeProvider.System);
        await using WebApplication app = ServerPorts.Build(options, gates.ToGrpc(), gates);
        string name = app.Services.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName ?? "simple";
        ConsoleFormatter formatter = app.Services.GetServices<ConsoleFormatter>().Single(f => f.Name == name);
        using var writer = new StringWriter();
        formatter.Write(
            new LogEntry<string>(
                LogLevel.Warning, "ContextGrid", default, "payments/0 waits\nfor Kafka",
                new InvalidOperationException("one\ntwo"), (state, _) => state),
            null, writer);
        Assert.Matches(
            @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warn: ContextGrid\[0\] payments/0 waits .*two\r?\n$",
            writer.ToString());
    }
}
