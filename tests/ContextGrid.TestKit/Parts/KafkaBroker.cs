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
    private const int FirstPort = 20_000;
    private const int PortCount = 10_000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // Test programs that run at the same time begin at different ports.
    private static int _ports = Environment.ProcessId * 64 % PortCount;

    private readonly TemporaryDirectory _directory = new();
    private readonly string _run;
    private readonly string _libraries;
    private Process? _process;

    private KafkaBroker(string script, int port, KafkaListener[] more)
    {
        Port = port;
        _libraries = Path.GetFullPath("../../libs/*", script);
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

    /// <summary>Runs a tool that comes with the broker, on this broker, to its end.</summary>
    /// <param name="mainClass">The tool, such as <c>org.apache.kafka.tools.TopicCommand</c>.</param>
    /// <param name="arguments">What it gets beside the broker's address.</param>
    public Task<ProcessRun> RunToolAsync(string mainClass, params string[] arguments) => ProcessRun.RunAsync(
        "java",
        ["-Xmx128m", "-cp", _libraries, mainClass, "--bootstrap-server", BootstrapServers, .. arguments],
        most: TimeSpan.FromMinutes(2));

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

    // Below the ports that the kernel gives to outgoing connections, of which one could take it until the broker
    // listens. The controller listens on the next port.
    internal static int FreePort()
    {
        while (true)
        {
            int port = FirstPort + (Interlocked.Add(ref _ports, 2) % PortCount);
            if (IsFree(port) && IsFree(port + 1))
            {
                return port;
            }
        }
    }

    /// <summary>Whether somebody listens at a port of 127.0.0.1.</summary>
    internal static async Task<bool> ListensAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var socket = new TcpListener(IPAddress.Loopback, port);
            socket.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task WaitUntilItListensAsync()
    {
        long started = Stopwatch.GetTimestamp();
        while (!await ListensAsync(Port))
        {
            Assert.False(_process?.HasExited ?? true, "The broker ended by itself.");
            Assert.True(Stopwatch.GetElapsedTime(started) < Patience, "The broker does not listen.");
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
    }
}
