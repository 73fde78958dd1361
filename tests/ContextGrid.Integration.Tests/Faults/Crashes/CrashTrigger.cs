
namespace ContextGrid.Integration.Tests.Faults.Crashes;

/// <summary>
/// Kills a server at a moment that the data directory or the producers show, from the very callback that shows it.
/// </summary>
internal sealed class CrashTrigger : IDisposable
{
    private static readonly string Aside = $"{Path.DirectorySeparatorChar}_aside{Path.DirectorySeparatorChar}";
    private static readonly string Manifests = $"{Path.DirectorySeparatorChar}manifests{Path.DirectorySeparatorChar}";

    private readonly CrashMoment _moment;
    private readonly CrashLedger _ledger;
    private readonly string _checkpoints;
    private readonly int _batches;
    private FileSystemWatcher? _files;
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ServerProcess? _server;
    private volatile bool _merging;

    /// <summary>Begins to listen to acknowledgements.</summary>
    /// <param name="moment">When to kill.</param>
    /// <param name="data">The data directory.</param>
    /// <param name="ledger">Tells acknowledged batches.</param>
    /// <param name="batches">How many of them come first.</param>
    internal CrashTrigger(CrashMoment moment, string data, CrashLedger ledger, int batches)
    {
        _moment = moment;
        _ledger = ledger;
        _batches = batches;
        _checkpoints = Path.Combine(data, "checkpoints");
        ledger.Acknowledged = Acknowledged;
    }

    /// <summary>Ends when the moment has come.</summary>
    internal Task Reached => _reached.Task;

    /// <summary>The server to kill; it is killed by the next sign from here on.</summary>
    internal void Aim(ServerProcess server)
    {
        // A directory that is made later may be watched too late, so those of interest are there from now on.
        Directory.CreateDirectory(Path.Combine(_checkpoints, "_aside"));
        _files = new FileSystemWatcher(_checkpoints) { IncludeSubdirectories = true };
        _files.Created += (_, file) => Created(file.FullPath);
        _files.EnableRaisingEvents = true;
        _server = server;
        if (_batches == 0 && _moment is CrashMoment.SoonAfterStart or CrashMoment.WhileRecovering)
        {
            Fire();
        }
    }

    public void Dispose()
    {
        _ledger.Acknowledged = null;
        _files?.Dispose();
    }

    private void Acknowledged(int count)
    {
        if (count >= _batches && _moment is CrashMoment.UnderLoad or CrashMoment.SoonAfterStart
            or CrashMoment.WhileStopping or CrashMoment.WhileRecovering)
        {
            Fire();
        }
    }

    private void Created(string path)
    {
        bool isAside = path.Contains(Aside, StringComparison.Ordinal);
        bool isManifest = path.Contains(Manifests, StringComparison.Ordinal);
        bool isNow = _moment switch
        {
            CrashMoment.AtOpening or CrashMoment.AtCheckpoint => isAside,
            CrashMoment.AtManifest => isManifest,
            CrashMoment.AtMerge => isAside && _merging,
            _ => false,
        };
        if (isNow)
        {
            Fire();
        }

        // A merge begins behind a publish that leaves more than eight small segments, and writes before anything else.
        _merging = isManifest && Directory.GetFiles(
            Path.Combine(_checkpoints, "segments"), "*", SearchOption.AllDirectories).Length > 8;
    }

    // A stop begins with SIGTERM, which the rig sends; everything else is SIGKILL from here.
    private void Fire()
    {
        if (_server is { } server)
        {
            if (_moment != CrashMoment.WhileStopping)
            {
                server.Signal("KILL");
            }

            _reached.TrySetResult();
        }
    }
}
