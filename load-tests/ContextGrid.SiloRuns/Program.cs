using System.Diagnostics;
using ContextGrid.Core.Queries;
using ContextGrid.Orleans;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.SiloRuns;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

// One host over the same events, in a process of its own: what a silo costs beside a host without others.
SiloRunOptions options = SiloRunOptions.Parse(args);
var set = DefinitionFiles.Read(options.Definitions).Set
    ?? throw new ArgumentException($"{options.Definitions} has errors.");
await using (IEventLog empty = PaymentLog.Open(options))
{
    await PaymentLog.AppendAsync(empty, options, round: 0);
}

IEventLog? log = null;
ValueTask<IEventLog> OpenAsync(CancellationToken cancellationToken) => new(log = PaymentLog.Open(options));

var hostOptions = new EmbeddedHostOptions
{
    Definitions = set,
    DataDirectory = "",
    Log = OpenAsync,
    Snapshots = new SnapshotPlace
    {
        Name = "a directory",
        OpenAsync = _ => ValueTask.FromResult<ISnapshotStore>(
            DirectorySnapshotStore.Open(Path.Combine(options.Data, "state"), TimeProvider.System)),
    },
};
long started = Stopwatch.GetTimestamp();
await using IGridHost host = options.IsSilo
    ? await SiloHost.StartAsync(
        new SiloOptions { Host = hostOptions, Port = 0 }, TimeProvider.System,
        logging => logging.SetMinimumLevel(LogLevel.None), CancellationToken.None)
    : await EmbeddedHost.StartAsync(
        hostOptions, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
var run = new HostRun(options.IsSilo ? "one silo" : "embedded", host.Reader, host.Progress, options);
await run.IngestAsync(started, log!); // The host has opened it.
FeatureSelection all = FeatureSelection.All(host.Grid.Plans.Single(p => p.Definition.Name == "user"));
await run.AskAsync(all, 1);
await run.AskAsync(all, 100);
