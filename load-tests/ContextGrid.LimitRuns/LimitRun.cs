using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ContextGrid.TestKit.Grpc;
using ContextGrid.TestKit.Processes;

namespace ContextGrid.LimitRuns;

/// <summary>
/// One load against a server of its own: a neighbour measures its latency before, while and after. Prints a row of a
/// table and a JSON line. Ends by itself.
/// </summary>
internal static class LimitRun
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Loaded = TimeSpan.FromSeconds(6);

    /// <summary>Runs the loads of these names, or all.</summary>
    internal static async Task<int> RunAllAsync(string[] names)
    {
        var results = new List<LimitResult>();
        foreach (string name in names.Length > 0 ? names : [.. Loads.All.Keys])
        {
            LimitResult result = await RunAsync(name);
            Console.WriteLine(JsonSerializer.Serialize(result));
            results.Add(result);
        }

        Console.WriteLine();
        Console.WriteLine(LimitResult.Header);
        results.ForEach(r => Console.WriteLine(r.Row));
        return results.All(r => r.IsUp) ? 0 : 1;
    }

    private static async Task<LimitResult> RunAsync(string name)
    {
        using var data = new TemporaryDirectory();
        await using ServerProcess server = await ServerProcess.StartAsync(
            Path.Combine(AppContext.BaseDirectory, "definitions"), data.Path);
        await FillAsync(server);
        using Process neighbour = StartNeighbour(server.Grpc);
        try
        {
            await PhaseAsync(neighbour, TimeSpan.FromSeconds(2));
            string before = await PhaseAsync(neighbour, Quiet);
            long rssBefore = Rss(server);
            using var end = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            string during, newcomer;
            long rssDuring, answered, refused;
            await using (var load = new Load(server.Grpc, end.Token))
            {
                await Loads.All[name](load);
                during = await PhaseAsync(neighbour, Loaded);
                rssDuring = Rss(server);
                newcomer = await NewcomerAsync(server.Grpc);
                (answered, refused) = (load.Answered, load.Refused);
                await end.CancelAsync();
            }

            // What was delayed is answered first.
            await Task.Delay(TimeSpan.FromSeconds(2));
            string after = await PhaseAsync(neighbour, Quiet);
            return new LimitResult(
                name, before, during, after, rssBefore, rssDuring, Rss(server), answered, refused,
                await RefusalsAsync(server), newcomer, await NewcomerAsync(server.Grpc) == "answered");
        }
        finally
        {
            neighbour.StandardInput.Close();
            await neighbour.WaitForExitAsync();
        }
    }

    private static async Task FillAsync(ServerProcess server)
    {
        await server.WaitUntilReadyAsync(TimeSpan.FromMinutes(1));
        using RawHttp2 connection = await RawHttp2.ConnectAsync(server.Grpc);
        byte[] batch = Requests.Batch(Enumerable.Range(0, 4000).Select(i => ($"n{i % 1000}", $"c{i % 7}")));
        await connection.CallAsync(1, Requests.Publish, batch);
        await connection.ReadUntilAsync("grpc-status", CancellationToken.None);
    }

    private static Process StartNeighbour(Uri server)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "ContextGrid.LimitRuns.dll");
        var start = new ProcessStartInfo("dotnet", [program, "neighbour", server.ToString()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
    }

    // Percentiles of what the neighbour has seen from now on.
    private static async Task<string> PhaseAsync(Process neighbour, TimeSpan length)
    {
        await NextAsync(neighbour);
        await Task.Delay(length);
        return await NextAsync(neighbour);
    }

    private static async Task<string> NextAsync(Process neighbour)
    {
        await neighbour.StandardInput.WriteLineAsync();
        await neighbour.StandardInput.FlushAsync();
        return await neighbour.StandardOutput.ReadLineAsync() ?? throw new IOException("The neighbour has ended.");
    }

    // Whether a new client gets in, and what it is told otherwise.
    private static async Task<string> NewcomerAsync(Uri server)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            using RawHttp2 connection = await RawHttp2.ConnectAsync(server);
            await connection.CallAsync(1, Requests.GetContext, Requests.Ask("n1"));
            while (await connection.ReadAsync(limit.Token) is { } frame)
            {
                if (frame.Type == RawHttp2.GoAway)
                {
                    return "told why not";
                }

                if (frame.Type == RawHttp2.Headers && frame.Payload.AsSpan().IndexOf("grpc-status"u8) >= 0)
                {
                    return "answered";
                }
            }

            return "closed";
        }
        catch (OperationCanceledException)
        {
            return "no answer in 10 s";
        }
    }

    private static async Task<string> RefusalsAsync(ServerProcess server)
    {
        using var http = new HttpClient { BaseAddress = server.Http };
        string[] lines = (await http.GetStringAsync("/metrics")).Split('\n');
        return string.Join(", ", lines
            .Where(l => l.StartsWith("contextgrid_limit_refused", StringComparison.Ordinal))
            .Where(l => !l.EndsWith(" 0", StringComparison.Ordinal))
            .Select(l => $"{l.Split('"')[1]} {l.Split(' ')[^1]}"));
    }

    private static long Rss(ServerProcess server)
    {
        string line = File.ReadLines($"/proc/{server.Id}/status")
            .First(l => l.StartsWith("VmRSS", StringComparison.Ordinal));
        string kib = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        return long.Parse(kib, CultureInfo.InvariantCulture) / 1024;
    }
}
