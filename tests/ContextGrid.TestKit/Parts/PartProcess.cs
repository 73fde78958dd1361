using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ContextGrid.TestKit.Parts;

/// <summary>
/// A program that tests run against, in a process of its own. Disposing kills it, by its process alone. Not
/// thread-safe, but its output is collected in the background.
/// </summary>
public sealed class PartProcess : IAsyncDisposable
{
    private const int OutputLinesMax = 200;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    private PartProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The newest lines that it has written.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>Starts a program and waits until it is ready; skips the test where the program is missing.</summary>
    /// <param name="program">Its path or name.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="isReady">Whether it answers; asked again and again, for at most a minute.</param>
    /// <exception cref="InvalidOperationException">It ended, or was not ready in time; with its output.</exception>
    public static async Task<PartProcess> StartAsync(
        string program, IEnumerable<string> arguments, Func<Task<bool>> isReady)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        Process? process = null;
        try
        {
            process = Process.Start(start);
        }
        catch (Win32Exception e)
        {
            Assert.Skip($"{program} is missing: {e.Message}");
        }

        var part = new PartProcess(process ?? throw new InvalidOperationException($"{program} did not start."));
        try
        {
            await part.WaitUntilAsync(isReady);
            return part;
        }
        catch
        {
            await part.DisposeAsync();
            throw;
        }
    }

    /// <summary>A port of 127.0.0.1 that nobody uses at this moment.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Sends SIGTERM and waits for the end, at most half a minute.</summary>
    public async Task TerminateAsync()
    {
        using Process kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _process.WaitForExitAsync(limit.Token);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task WaitUntilAsync(Func<Task<bool>> isReady)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (long start = Stopwatch.GetTimestamp(); !await isReady(); await timer.WaitForNextTickAsync())
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(start) > TimeSpan.FromMinutes(1))
            {
                throw new InvalidOperationException(
                    $"{_process.StartInfo.FileName} {string.Join(' ', _process.StartInfo.ArgumentList)} is not ready:\n"
                    + Output);
            }
        }
    }

    private void Take(string? line)
    {
        if (line is not null)
        {
            _output.Enqueue(line);
            while (_output.Count > OutputLinesMax)
            {
                _output.TryDequeue(out _);
            }
        }
    }
}
