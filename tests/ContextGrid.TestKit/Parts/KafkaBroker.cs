using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ContextGrid.TestKit.Processes;

namespace ContextGrid.TestKit.Parts;

/// <summary>A real broker, Apache Kafka, in a process of its own, on loopback, with its data in a temporary
/// directory.</summary>
public sealed class KafkaBroker : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly TemporaryDirectory _directory = new();
    private readonly string _run;
    private Process? _process;

    private KafkaBroker(string script, int port, KafkaListener[] more)
    {
        Port = port;
        _run = more.Length > 0 ? WithListeners(script, more) : script;
    }

    /// <summary>Its port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Where clients begin.</summary>
    public string BootstrapServers => $"127.0.0.1:{Port}";

    /// <summary>Starts a broker; skips the test, loudly, where there is none.</summary>
    /// <param name="more">What it listens on beside its port, without TLS and passwords there.</param>
    public static async Task<KafkaBroker> StartAsync(params KafkaListener[] more)
    {
        string script = SharedParts.RequireFile("kafka/bin/kafka.sh");
        Assert.SkipUnless(
            File.Exists("/usr/bin/java"), "Java is missing: apt-get install openjdk-17-jre-headless");
        var broker = new KafkaBroker(script, FreePort(), more);
        await broker.RunAsync();
        return broker;
    }

    /// <summary>Starts the broker again, after <see cref="KillAsync"/>, on the same data.</summary>
    public async Task RunAsync()
    {
        var start = new ProcessStartInfo("bash")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in new[]
        {
            _run, "run", _directory.Path, Port.ToString(CultureInfo.InvariantCulture),
        })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["KAFKA_HEAP"] = "384m";
        _process = Process.Start(start) ?? throw new InvalidOperationException("The broker did not start.");
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await WaitUntilItListensAsync();
    }

    /// <summary>Kills the broker with SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
            _process = null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _directory.Dispose();
    }

    // The same program with a configuration of its own.
    private string WithListeners(string script, KafkaListener[] more)
    {
        string original = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(script) ?? "", ".."));
        string home = Path.Combine(_directory.Path, "home");
        Directory.CreateDirectory(Path.Combine(home, "config"));
        Directory.CreateSymbolicLink(Path.Combine(home, "bin"), Path.Combine(original, "bin"));
        Directory.CreateSymbolicLink(Path.Combine(home, "libs"), Path.Combine(original, "libs"));
        File.Copy(Path.Combine(original, "config/log4j2.yaml"), Path.Combine(home, "config/log4j2.yaml"));
        IEnumerable<string> lines = File.ReadLines(Path.Combine(original, "config/server.properties"))
            .Select(line => line + string.Concat(line.Split('=')[0] switch
            {
                "listeners" => more.Select(l => $",{l.Name}://127.0.0.1:{l.Listen}"),
                "advertised.listeners" => more.Select(l => $",{l.Name}://127.0.0.1:{l.Advertised}"),
                "listener.security.protocol.map" => more.Select(l => $",{l.Name}:{l.Protocol}"),
                _ => [],
            }));
        File.WriteAllLines(
            Path.Combine(home, "config/server.properties"), [.. lines, .. more.SelectMany(l => l.Properties)]);
        return Path.Combine(home, "bin", Path.GetFileName(script));
    }

    private static int FreePort()
    {
        // The controller listens on the next port.
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }

    private async Task WaitUntilItListensAsync()
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            Assert.False(_process?.HasExited ?? true, "The broker ended by itself.");
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, Port);
                return;
            }
            catch (SocketException) when (Stopwatch.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
    }
}
