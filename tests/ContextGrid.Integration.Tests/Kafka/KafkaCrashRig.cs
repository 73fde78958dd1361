using System.Diagnostics;
using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Core.Definitions;
using ContextGrid.Integration.Tests.Faults.Crashes;
using ContextGrid.Runtime.Codecs;
using ContextGrid.TestKit.Logs;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// Kills a real server, its broker, or both, again and again, at seeded moments, while producers and readers use the
/// server and another producer writes transactions beside it. What stands in Kafka is read back by kcat, and everything
/// that was told is compared with it; in the end all state is compared, from checkpoints and from the log alone.
/// </summary>
/// <param name="grid">The directories; with <see cref="CrashGrid.Definitions"/>.</param>
/// <param name="broker">The broker; it runs.</param>
/// <param name="seed">Chooses the load and the moments.</param>
/// <param name="say">Takes a line of progress.</param>
internal sealed class KafkaCrashRig(
    GridFolder grid, KafkaBroker broker, int seed, Action<string> say) : IAsyncDisposable
{
    private const int KillsPerComparison = 25;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly string[] _kafka = ["--kafka", broker.BootstrapServers];
    private readonly Random _random = new(seed);
    private readonly CrashLedger _ledger = new(seed);
    private readonly CrashTruth _truth = new(isDense: false);
    private readonly TickTransactions _transactions = new(broker.BootstrapServers, seed);
    private readonly KafkaKills _kills = new(seed);
    private readonly KafkaLoadWatch _watch = new();
    private readonly List<CrashAcknowledgement> _acknowledged = [];
    private readonly List<CrashAnswer> _answers = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private ServerProcess? _server;
    private Task _load = Task.CompletedTask;

    /// <summary>What was done, for the report.</summary>
    internal KafkaCrashReport Report { get; } = new(seed);

    /// <summary>Runs so many kills, and the comparison at the end.</summary>
    internal async Task RunAsync(int kills)
    {
        await KafkaTopics.CreateAsync(
            broker.BootstrapServers, (CrashGrid.Payments, 4), (CrashGrid.Ticks, 4), ("dead-letters", 1));
        foreach (string user in TickTransactions.Users)
        {
            _ledger.Expect(new EntityId(CrashGrid.User, user));
        }

        DefinitionSet definitions = GridFolder.ReadDefinitions(grid.Definitions);
        var check = new CrashCheck(_truth, _ledger, definitions);
        var load = new CrashLoad(seed, _ledger, TimeProvider.System)
        {
            MayWait = true,
        };
        while (Report.Kills < kills)
        {
            await KillAsync(load, Math.Min(kills, Report.Kills + KillsPerComparison));
            await CompareAsync(check, string.Create(CultureInfo.InvariantCulture, $"up to {Report.Kills}"));
        }

        await EndAsync(check, load);
    }

    public async ValueTask DisposeAsync()
    {
        await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _transactions.DisposeAsync();
    }

    // A transaction that is left open would hide what was written behind it, so each is ended before anybody compares.
    private async Task KillAsync(CrashLoad load, int until)
    {
        _transactions.Start();
        while (Report.Kills < until)
        {
            await KillAsync(_kills.Next(), load);
        }

        await StopServerAsync();
        await _transactions.StopAsync();
    }

    private async Task KillAsync(KafkaKill kill, CrashLoad load)
    {
        Report.Kills++;
        if (_server is null)
        {
            _server = await grid.StartAsync(["--checkpoint-interval", "1", .. _kafka]);
            int round = Report.Kills;
            ServerProcess server = _server;
            _load = Task.Run(() => load.RunAsync(server, round));
        }

        await _watch.UntilAsync(_ledger, _random.Next(60));
        if (kill != KafkaKill.Server)
        {
            await broker.KillAsync();
        }

        if (kill != KafkaKill.Broker)
        {
            await StopServerAsync();
        }

        if (kill != KafkaKill.Server)
        {
            await broker.RunAsync();
        }

        Report.Count(kill);
        say(string.Create(
            CultureInfo.InvariantCulture,
            $"{_clock.Elapsed.TotalSeconds:F0} s, kill {Report.Kills}: {kill}; {_ledger.EventsAcknowledged:N0} events "
            + $"acknowledged by the server, {_transactions.Committed.Count:N0} committed beside it"));
    }

    private async Task StopServerAsync()
    {
        if (_server is not { } server)
        {
            return;
        }

        await server.KillAsync();
        await _load.WaitAsync(Patience);
        Assert.DoesNotContain("   at ", server.Output, StringComparison.Ordinal);
        await server.DisposeAsync();
        _server = null;
        _watch.Reset();
        (List<CrashAcknowledgement> acknowledged, List<CrashAnswer> answers) = _ledger.Take();
        _acknowledged.AddRange(acknowledged);
        _answers.AddRange(answers);
    }

    private async Task EndAsync(CrashCheck check, CrashLoad load)
    {
        var end = new CrashEnd(grid, _ledger, _truth, check, load)
        {
            More = _kafka,
            ReadLogAsync = ReadAsync,
        };
        Report.Entities = await end.CompareAsync((_, where, _) => CompareAsync(check, where));
        Report.Committed = _transactions.Committed.Count;
        Report.EventsAcknowledged = _ledger.EventsAcknowledged;
        string[] wrong =
        [
            .. _transactions.Committed.Where(p => _truth.CopiesOf(p) != 1).Select(p => "committed, not once: " + p),
            .. _transactions.Aborted.Where(p => _truth.CopiesOf(p) != 0).Select(p => "aborted, and there: " + p),
            .. _transactions.Unknown.Where(t => t.Select(_truth.CopiesOf).Distinct().Count() != 1)
                .Select(t => "in part: " + string.Join(", ", t.Select(_truth.CopiesOf))),
        ];
        Assert.True(wrong.Length == 0, $"{wrong.Length} violations\n" + string.Join('\n', wrong.Take(10)));
    }

    private async Task<IEnumerable<RawRecord>> ReadAsync() => await KafkaTopics.ReadAsync(
        broker.BootstrapServers, CrashGrid.Payments, CrashGrid.Ticks, "dead-letters");

    /// <summary>Compares what was told since the last comparison with what stands in Kafka.</summary>
    private async Task CompareAsync(CrashCheck check, string where)
    {
        foreach (RawRecord record in await ReadAsync())
        {
            if (!_truth.Has(record))
            {
                _truth.Take(record);
            }
        }

        (List<CrashAcknowledgement> acknowledged, List<CrashAnswer> answers) = _ledger.Take();
        _answers.AddRange(answers);
        string[] violations =
        [
            .. _acknowledged.Concat(acknowledged).SelectMany(check.Acknowledgement),
            .. _answers.SelectMany(check.Answer),
        ];
        Report.AnswersChecked += _answers.Count;
        _acknowledged.Clear();
        _answers.Clear();
        Assert.True(
            violations.Length == 0,
            $"seed {seed}, kill {where}: {violations.Length} violations\n" + string.Join('\n', violations.Take(10)));
    }
}
