using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.TestKit.Logs;

namespace ContextGrid.Integration.Tests.Faults.Crashes;

/// <summary>
/// Kills a real server again and again on one data directory, under load, at seeded moments. While no server runs the
/// log's files are read, and everything that was told is compared with them; in the end all state is compared, from
/// checkpoints and from the log alone.
/// </summary>
/// <param name="grid">The directories; with <see cref="CrashGrid.Definitions"/>.</param>
/// <param name="seed">Chooses the load and the moments.</param>
/// <param name="time">The clock.</param>
/// <param name="say">Takes a line of progress.</param>
internal sealed class CrashRig(GridFolder grid, int seed, TimeProvider time, Action<string> say)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Random _random = new(seed);
    private readonly CrashLedger _ledger = new(seed);
    private readonly CrashTruth _truth = new();
    private readonly RawLog _log = new(Path.Combine(grid.Data, "log"));
    private readonly Dictionary<CrashMoment, int> _kills = [];
    private readonly long _began = time.GetTimestamp();
    private double _startMs = 1_000;
    private long _answersChecked;

    /// <summary>Runs so many kills, and the comparison at the end.</summary>
    internal async Task<CrashReport> RunAsync(int kills)
    {
        DefinitionSet definitions = GridFolder.ReadDefinitions(grid.Definitions);
        var check = new CrashCheck(_truth, _ledger, definitions);
        var load = new CrashLoad(seed, _ledger, time);
        var moments = new CrashMoments(seed);
        Directory.CreateDirectory(grid.Data);
        while (_kills.Values.Sum() < kills)
        {
            CrashMoment moment = moments.Next();
            if (moment == CrashMoment.WhileRecovering)
            {
                // A kill without a checkpoint leaves something to recover.
                await KillAsync(CrashMoment.UnderLoad, checkpointSeconds: 3_600, load, check);
            }

            await KillAsync(moment, checkpointSeconds: 1, load, check);
        }

        var end = new CrashEnd(grid, _ledger, _truth, check, load)
        {
            ReadLogAsync = () => Task.FromResult(new RawLog(Path.Combine(grid.Data, "log")).ReadNew()),
        };
        long entities = await end.CompareAsync((c, where, output) =>
        {
            Compare(c, where, output);
            return Task.CompletedTask;
        });
        return Report() with { WatchChanges = load.Watch.Changes, Entities = entities };
    }

    private CrashReport Report() => new()
    {
        Seed = seed,
        Kills = _kills.Values.Sum(),
        ByMoment = _kills,
        EventsAcknowledged = _ledger.EventsAcknowledged,
        Records = _truth.Records,
        Retries = _truth.Retries,
        Conflicts = _truth.Conflicts.Count,
        DeadLetters = _truth.DeadLetters.Count,
        Answers = _ledger.Answers,
        AnswersChecked = _answersChecked,
        Seconds = time.GetElapsedTime(_began).TotalSeconds,
    };

    private async Task KillAsync(CrashMoment moment, int checkpointSeconds, CrashLoad load, CrashCheck check)
    {
        _kills[moment] = _kills.GetValueOrDefault(moment) + 1;
        int round = _kills.Values.Sum();
        int batches = moment is CrashMoment.SoonAfterStart or CrashMoment.WhileRecovering
            ? _random.Next(4)
            : _random.Next(10, 250);
        string[] more = moment == CrashMoment.WhileRebuilding ? ["--rebuild"] : [];
        using var trigger = new CrashTrigger(moment, grid.Data, _ledger, batches);
        await using ServerProcess server = grid.Begin(
            ["--checkpoint-interval", checkpointSeconds.ToString(CultureInfo.InvariantCulture), .. more]);
        try
        {
            await KillAsync(server, trigger, moment, load, round);
            await server.WaitForExitAsync(Patience);
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException(
                $"seed {seed}, kill {round}, {moment}: {e.Message}\n{server.Output}", e);
        }

        Compare(check, $"{round}, {moment}", server.Output);
        say(string.Create(
            CultureInfo.InvariantCulture,
            $"{time.GetElapsedTime(_began).TotalSeconds:F0} s, kill {round}: {moment}; {_ledger.EventsAcknowledged:N0} "
            + $"events acknowledged, {_answersChecked:N0} answers checked"));
    }

    private async Task KillAsync(
        ServerProcess server, CrashTrigger trigger, CrashMoment moment, CrashLoad load, int round)
    {
        if (moment is CrashMoment.WhileStarting or CrashMoment.WhileRebuilding)
        {
            await KillLaterAsync(server, 1.3 * _startMs);
        }
        else if (moment == CrashMoment.AtOpening)
        {
            trigger.Aim(server);
            await trigger.Reached.WaitAsync(Patience);
        }
        else
        {
            await KillUnderLoadAsync(server, trigger, moment, load, round);
        }
    }

    private async Task KillLaterAsync(ServerProcess server, double afterMsMax)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(_random.NextDouble() * afterMsMax), time);
        server.Signal("KILL");
    }

    private async Task KillUnderLoadAsync(
        ServerProcess server, CrashTrigger trigger, CrashMoment moment, CrashLoad load, int round)
    {
        long started = time.GetTimestamp();
        await server.ListeningAsync();
        _startMs = (0.8 * _startMs) + (0.2 * time.GetElapsedTime(started).TotalMilliseconds);
        trigger.Aim(server);
        Task running = load.RunAsync(server, round);
        await Task.WhenAny(trigger.Reached, running).WaitAsync(Patience);
        if (moment == CrashMoment.WhileStopping)
        {
            server.Signal("TERM");
            await KillLaterAsync(server, afterMsMax: 100);
        }

        await running.WaitAsync(Patience);
        Assert.True(
            trigger.Reached.IsCompleted,
            $"seed {seed}, kill {round}, {moment}: the calls failed before the server was killed:\n{server.Output}");
    }

    /// <summary>Compares what was told since the last comparison with the log's files; no server runs.</summary>
    private void Compare(CrashCheck check, string where, string output)
    {
        foreach (RawRecord record in _log.ReadNew())
        {
            _truth.Take(record);
        }

        (List<CrashAcknowledgement> acknowledged, List<CrashAnswer> answers) = _ledger.Take();
        _answersChecked += answers.Count;
        string[] violations =
        [
            .. acknowledged.SelectMany(check.Acknowledgement),
            .. answers.SelectMany(check.Answer),
            .. output.Contains("   at ", StringComparison.Ordinal) ? ["the server wrote a stack trace"] : (string[])[],
        ];
        Assert.True(
            violations.Length == 0,
            $"seed {seed}, kill {where}: {violations.Length} violations\n"
            + string.Join('\n', violations.Take(10)) + "\n" + output);
    }
}
