using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace ContextGrid.TestKit.Processes;

/// <summary>
/// A real server in a process of its own, on free ports of 127.0.0.1. Disposing kills it, by its process alone, if it
/// still runs. Not thread-safe, but its output is collected in the background.
/// </summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource<Uri> _http = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Uri> _grpc = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Where HTTP listens.</summary>
    public Uri Http => _http.Task.Result;

    /// <summary>Where gRPC listens.</summary>
    public Uri Grpc => _grpc.Task.Result;

    /// <summary>All lines of standard output and standard error so far.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>Starts a server and returns when it has said where it listens.</summary>
    /// <param name="definitions">The directory of definitions.</param>
    /// <param name="data">The data directory; it may hold the data of an earlier run.</param>
    /// <param name="more">More arguments.</param>
    /// <exception cref="InvalidOperationException">It ended, or said nothing for a minute; with its output.</exception>
    public static async Task<ServerProcess> StartAsync(string definitions, string data, params string[] more)
    {
        ServerProcess server = Begin(definitions, data, more);
        try
        {
            await server.ListeningAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The data directory as arguments; none, where other arguments leave it no use.</summary>
    public static string[] Data(string data, string[] more) =>
        more.Contains("--cluster") && more.Contains("--kafka") && more.Contains("--snapshots") ? [] : ["--data", data];

    /// <summary>Starts a server and returns at once, while it still opens its data.</summary>
    /// <param name="definitions">The directory of definitions.</param>
    /// <param name="data">The data directory.</param>
    /// <param name="more">More arguments.</param>
    public static ServerProcess Begin(string definitions, string data, params string[] more)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "ContextGrid.Server.dll");
        string[] arguments =
        [
            program, "--definitions", definitions, .. Data(data, more), "--http", "0", "--grpc", "0",
            .. more.Contains("--drain-seconds") ? Array.Empty<string>() : ["--drain-seconds", "0"], .. more,
        ];
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        return new ServerProcess(
            Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start."));
    }

    /// <summary>Waits until it has said where it listens.</summary>
    /// <exception cref="InvalidOperationException">It ended, or said nothing for a minute; with its output.</exception>
    public async Task ListeningAsync()
    {
        Task listening = Task.WhenAll(_http.Task, _grpc.Task);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await Task.WhenAny(listening, _process.WaitForExitAsync(limit.Token));
        if (!listening.IsCompletedSuccessfully)
        {
            throw new InvalidOperationException("The server did not start:\n" + Output);
        }
    }

    /// <summary>Waits until <c>/readyz</c> says that the server is caught up.</summary>
    /// <exception cref="TimeoutException">It is not ready within the limit.</exception>
    public async Task WaitUntilReadyAsync(TimeSpan limit)
    {
        using var http = new HttpClient { BaseAddress = Http };
        await WaitUntilAsync("ready", limit, async () =>
        {
            using HttpResponseMessage answer = await http.GetAsync("/readyz");
            return answer.IsSuccessStatusCode;
        });
    }

    /// <summary>Waits until something holds.</summary>
    /// <param name="what">What the server is then, as in "ready".</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="holds">Asked again and again.</param>
    /// <exception cref="TimeoutException">It does not hold within the limit; with the server's output.</exception>
    public async Task WaitUntilAsync(string what, TimeSpan limit, Func<Task<bool>> holds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (long start = Stopwatch.GetTimestamp(); !await holds(); await timer.WaitForNextTickAsync())
        {
            if (Stopwatch.GetElapsedTime(start) >= limit)
            {
                throw new TimeoutException($"The server is not {what} after {limit}:\n{Output}");
            }
        }
    }

    /// <summary>Sends SIGTERM and waits for the end.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="OperationCanceledException">It did not end within the limit.</exception>
    public async Task<int> TerminateAsync(TimeSpan limit)
    {
        Signal("TERM");
        return await WaitForExitAsync(limit);
    }

    /// <summary>Sends a signal; without effect when the process has ended.</summary>
    /// <param name="name">Such as KILL, TERM, STOP or CONT.</param>
    public void Signal(string name)
    {
        // SIGKILL must come at its moment, so it costs no process of its own.
        if (name == "KILL")
        {
            _process.Kill();
            return;
        }

        using Process kill = Process.Start("kill", ["-" + name, Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits until it has ended by itself.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="OperationCanceledException">It did not end within the limit.</exception>
    public async Task<int> WaitForExitAsync(TimeSpan limit)
    {
        using var stop = new CancellationTokenSource(limit);
        await _process.WaitForExitAsync(stop.Token);
        return _process.ExitCode;
    }

    /// <summary>Sends SIGKILL and waits for the end.</summary>
    public async Task KillAsync()
    {
        Signal("KILL");
        await _process.WaitForExitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        _output.Enqueue(line);
        Listen(line, "http: ", _http);
        Listen(line, "grpc: ", _grpc);
    }

    private static void Listen(string line, string name, TaskCompletionSource<Uri> address)
    {
        int at = line.IndexOf(name, StringComparison.Ordinal);
        if (at >= 0 && Uri.TryCreate(line[(at + name.Length)..].Trim(), UriKind.Absolute, out Uri? uri))
        {
            address.TrySetResult(uri);
        }
    }
}
