using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ContextGrid.TestKit.Processes;

namespace ContextGrid.TestKit.Parts;

/// <summary>
/// Redis on a free port of 127.0.0.1, which writes down each change. It keeps its port and its data when it is stopped
/// and started again. Not thread-safe.
/// </summary>
public sealed class RedisProcess : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private PartProcess? _process;

    private RedisProcess()
    {
    }

    /// <summary>Its port.</summary>
    public int Port { get; } = PartProcess.FreePort();

    /// <summary>Its address.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>Starts one; skips the test where the program is missing.</summary>
    public static async Task<RedisProcess> StartAsync()
    {
        var redis = new RedisProcess();
        await redis.StartAgainAsync();
        return redis;
    }

    /// <summary>Stops it; what it holds is on the disk.</summary>
    public async Task StopAsync()
    {
        if (_process is not null)
        {
            await _process.TerminateAsync();
            await _process.DisposeAsync();
            _process = null;
        }
    }

    /// <summary>Starts it after <see cref="StopAsync"/>.</summary>
    public async Task StartAgainAsync()
    {
        string[] arguments =
        [
            "--bind", "127.0.0.1", "--port", Port.ToString(CultureInfo.InvariantCulture), "--dir", _directory.Path,
            "--save", "", "--appendonly", "yes",
        ];
        _process = await PartProcess.StartAsync("redis-server", arguments, async () =>
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, Port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
    }

    /// <summary>Empties it.</summary>
    public async Task EmptyAsync()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        await client.GetStream().WriteAsync("FLUSHALL\r\n"u8.ToArray());
        byte[] answer = new byte[5];
        await client.GetStream().ReadExactlyAsync(answer);
        if (!answer.AsSpan().SequenceEqual("+OK\r\n"u8))
        {
            throw new InvalidOperationException("Redis does not empty itself.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await (_process?.DisposeAsync() ?? ValueTask.CompletedTask);
        _directory.Dispose();
    }
}
