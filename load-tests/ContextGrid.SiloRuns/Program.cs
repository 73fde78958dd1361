using System.Diagnostics;
using ContextGrid.Core.Queries;
using ContextGrid.Orleans;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.SiloRuns;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

// Both hosts over the same events, one after the other, in one process: what a silo costs beside a host of its own.
SiloRunOptions options = SiloRunOptions.Parse(args);
var set = DefinitionFiles.Read(options.Definitions).Set
    ?? throw new ArgumentException($"{options.Definitions} has errors.");
await using (IEventLog empty = PaymentLog.Open(options))
{
    await PaymentLog.AppendAsync(empty, options, round: 0);
}

IEventLog? log = null;
ValueTask<IEventLog> OpenAsync(CancellationToken cancellationToken) => new(log = PaymentLog.Open(options));

long started = Stopwatch.GetTimestamp();
await using (EmbeddedHost embedded = await EmbeddedHost.StartAsync(
    new EmbeddedHostOptions
    {
        Definitions = set,
        DataDirectory = Path.Combine(options.Data, "embedded"),
        Log = OpenAsync,
    },
    TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None))
{
    await RunAsync(new HostRun("embedded", embedded.Reader, embedded.Progress, options), embedded.Grid, round: 1);
}

started = Stopwatch.GetTimestamp();
await using SiloHost silo = await SiloHost.StartAsync(
    new SiloOptions
    {
        Host = new EmbeddedHostOptions
        {
            Definitions = set,
            DataDirectory = "",
            Log = OpenAsync,
            Snapshots = new SnapshotPlace
            {
                Name = "a directory",
                OpenAsync = _ => ValueTask.FromResult<ISnapshotStore>(
                    DirectorySnapshotStore.Open(Path.Combine(options.Data, "silo"), TimeProvider.System)),
            },
        },
        Port = 0,
    },
    TimeProvider.System, logging => logging.SetMinimumLevel(LogLevel.None), CancellationToken.None);
await RunAsync(new HostRun("one silo", silo.Reader, silo.Progress, options), silo.Grid, round: 2);

async Task RunAsync(HostRun run, IContextGrid grid, int round)
{
    await run.IngestAsync(started, log!, round); // The host has opened it.
    FeatureSelection all = FeatureSelection.All(grid.Plans.Single(p => p.Definition.Name == "user"));
    await run.AskAsync(all, 1);
    await run.AskAsync(all, 100);
}
