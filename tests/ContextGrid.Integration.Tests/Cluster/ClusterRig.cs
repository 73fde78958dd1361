using System.Diagnostics;
using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Integration.Tests.Faults.Crashes;
using ContextGrid.Integration.Tests.Kafka;
using ContextGrid.TestKit.Logs;

namespace ContextGrid.Integration.Tests.Cluster;

/// <summary>
/// Three silos as real processes under load, and what is done to them. After each fault answers come back, and all that
/// was told is compared with what stands in Kafka, read back by kcat; in the end all state is.
/// </summary>
/// <param name="grid">The directories; with <see cref="CrashGrid.Definitions"/>.</param>
/// <param name="parts">What silos share.</param>
/// <param name="seed">Chooses the load and the silos.</param>
/// <param name="say">Takes a line of progress.</param>
internal sealed class ClusterRig(GridFolder grid, ClusterParts parts, int seed, Action<string> say) : IAsyncDisposable
{
    private const int Silos = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Random _random = new(seed);
    private readonly CrashLedger _ledger = new(seed);
    private readonly CrashTruth _truth = new(isDense: false);
    private readonly List<SiloSlot> _slots = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly string[] _shared = parts.Arguments("cluster");
    private CrashLoad? _load;
    private Task _loading = Task.CompletedTask;
    private volatile bool _ends;

    /// <summary>What was measured.</summary>
    internal ClusterReport Report { get; } = new();

    private SiloSlot[] Reachable => [.. _slots.Where(s => s.IsReachable)];

    /// <summary>Runs faults one after the other, and the comparison at the end.</summary>
    internal async Task RunAsync(IEnumerable<ClusterFault> faults)
    {
        for (int i = 0; i <= Silos; i++)
        {
            _slots.Add(await SiloSlot.MakeAsync(grid, parts));
        }

        await Task.WhenAll(_slots.Take(Silos).Select(s => s.StartAsync(_shared)));
        var load = new CrashLoad(seed, _ledger, TimeProvider.System)
        {
            MayWait = true,
            IsGone = server => _ends || !_slots.Any(s => s.IsReachable && s.Server == server),
        };
        load.Watch.MayRebuild = true;
        (_load, _loading) = (load, Task.Run(() => LoadAsync(load)));
        var check = new CrashCheck(_truth, _ledger, GridFolder.ReadDefinitions(grid.Definitions)) { MayRebuild = true };
        var probe = new ClusterProbe(_slots, _ledger, Report);
        foreach (ClusterFault fault in faults)
        {
            await Task.Delay(_random.Next(1_000, 2_500));
            ClusterQueries queries = await AskBesideAsync(
                () => new ClusterFaults(_slots, _shared, parts, _random, probe.AnswersAsync).RunAsync(fault));
            Assert.True(
                fault != ClusterFault.Rolling || queries.Failures.Count == 0,
                $"{queries}: {string.Join('\n', queries.Failures)}");
            await CompareAsync(check, fault.ToString());
            await (_loading.IsCompleted ? _loading : Task.CompletedTask);
            say(string.Create(
                CultureInfo.InvariantCulture,
                $"{_clock.Elapsed.TotalSeconds:F0} s, {fault}: {Report.Last}; {_ledger.EventsAcknowledged:N0} events "
                + $"acknowledged, {Report.AnswersChecked:N0} answers checked; {queries}"));
        }

        await EndAsync(load, check);
    }

    public async ValueTask DisposeAsync()
    {
        _ends = true;
        foreach (SiloSlot slot in _slots)
        {
            await slot.DisposeAsync();
        }

        await ((Task)_loading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<ClusterQueries> AskBesideAsync(Func<Task> run)
    {
        var queries = new ClusterQueries(_slots, _ledger);
        using var stop = new CancellationTokenSource();
        Task asking = Task.Run(() => queries.RunAsync(stop.Token));
        await run();
        await stop.CancelAsync();
        await asking;
        return queries;
    }

    private async Task LoadAsync(CrashLoad load)
    {
        for (int round = 1; !_ends; round++)
        {
            SiloSlot[] reachable = Reachable;
            if (reachable.Length > 0 && reachable[round % reachable.Length].Server is { } server)
            {
                await load.RunAsync(server, round);
            }

            await Task.Delay(20);
        }
    }

    private async Task EndAsync(CrashLoad load, CrashCheck check)
    {
        _ends = true;
        await Task.WhenAll(Reachable.Select(s => s.KillAsync()));
        await _loading.WaitAsync(Patience);
        await Task.WhenAll(_slots.Take(Silos).Select(s => s.StartAsync(_shared)));
        using (ContextGridClient client = GridFolder.Connect(_slots[0].Server!))
        {
            await load.SettleAsync(client);
        }

        await CompareAsync(check, "the end");
        Assert.True(load.Watch.Violations.Count == 0, string.Join('\n', load.Watch.Violations.Take(20)));
        await CheckAllAsync(check, "from the store and the log");
        await Task.WhenAll(Reachable.Select(s => s.TerminateAsync()));
        await _slots[0].StartAsync(parts.Arguments("empty"));
        await CheckAllAsync(check, "from the log alone");
        await _slots[0].TerminateAsync();
        Assert.Empty(check.DeadLetters());
    }

    private async Task CheckAllAsync(CrashCheck check, string where)
    {
        using ContextGridClient client = GridFolder.Connect(Reachable[^1].Server!);
        IReadOnlyList<SourcePosition> after = _ledger.Positions;
        var violations = new List<string>();
        foreach (EntityId[] chunk in _ledger.Entities.Chunk(50))
        {
            ContextResult result = await client.GetAsync(new ContextRequest { Entities = chunk, MinPosition = after });
            violations.AddRange(result.Entities
                .Where(e => e[0].Status == FeatureStatus.Rebuilding).Select(e => $"{e.Id} is rebuilding"));
            violations.AddRange(result.Entities
                .Select(e => new CrashAnswer(e, result.Sources, after)).SelectMany(check.Answer));
        }

        Report.Entities = _ledger.Entities.Count;
        Assert.True(violations.Count == 0, where + ":\n" + string.Join('\n', violations.Take(10)));
    }

    private async Task CompareAsync(CrashCheck check, string where)
    {
        _ledger.Rest(true); // Reading a topic back ends where nobody writes.
        (List<CrashAcknowledgement> acknowledged, List<CrashAnswer> answers) = _ledger.Take();
        foreach (RawRecord record in await KafkaTopics.ReadAsync(
            parts.Broker.BootstrapServers, CrashGrid.Payments, CrashGrid.Ticks, "dead-letters"))
        {
            if (!_truth.Has(record))
            {
                _truth.Take(record);
            }
        }

        _ledger.Rest(false);
        string[] violations =
        [
            .. acknowledged.SelectMany(check.Acknowledgement), .. answers.SelectMany(check.Answer),
        ];
        Report.AnswersChecked += answers.Count;
        Report.EventsAcknowledged = _ledger.EventsAcknowledged;
        Assert.True(
            violations.Length == 0,
            $"seed {seed}, {where}: {violations.Length} violations\n" + string.Join('\n', violations.Take(10)));
    }
}
