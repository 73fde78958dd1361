using System.Diagnostics;
using System.Globalization;
using ContextGrid.Runtime.Embedded;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.MemoryRuns;

/// <summary>Starts over what the fill has left: how long to the first right answer, and to everything ready.</summary>
internal static class RestartRun
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    internal static async Task RunAsync(MemoryRunOptions options)
    {
        var figures = new Figures("restart");
        (int User, long Events)[] samples =
        [
            .. (await File.ReadAllLinesAsync(FillRun.SamplesOf(options))).Select(line => line.Split(' ')).Select(
                p => (int.Parse(p[0], CultureInfo.InvariantCulture), long.Parse(p[1], CultureInfo.InvariantCulture))),
        ];
        EmbeddedHostOptions host = options.Host();
        long started = Stopwatch.GetTimestamp();
        await using EmbeddedHost running = await EmbeddedHost.StartAsync(
            host, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        figures.Add("start, s", "start_s", Stopwatch.GetElapsedTime(started).TotalSeconds);
        var questions = new Questions(running);
        await CheckAsync(questions, samples[0]);
        figures.Add("start to the first right answer, s", "first_answer_s", Seconds(started));
        await ReadyAsync(running);
        figures.Add("start to everything applied and ready, s", "ready_s", Seconds(started));
        foreach ((int, long) sample in samples)
        {
            await CheckAsync(questions, sample);
        }

        figures.Add("start to all sampled answers right, s", "samples_s", Seconds(started));
        figures.AddLatencies("query of a stored entity after the start", "miss", questions.Misses);
        figures.AddMemory("after restart", running);
        figures.PrintJson();
    }

    private static double Seconds(long started) => Stopwatch.GetElapsedTime(started).TotalSeconds;

    private static async Task CheckAsync(Questions questions, (int User, long Events) sample)
    {
        long answer = await questions.AskAsync(sample.User);
        if (answer != sample.Events)
        {
            throw new InvalidOperationException(
                $"{Traffic.UserOf(sample.User)} has {sample.Events} events, and the answer is {answer}.");
        }
    }

    private static async Task ReadyAsync(EmbeddedHost host)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (host.WhyNotReady(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()) is not null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, limit.Token);
        }
    }
}
