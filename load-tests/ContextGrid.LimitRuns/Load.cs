using ContextGrid.TestKit.Grpc;

namespace ContextGrid.LimitRuns;

/// <summary>What one run does to its server: connections that stay until the end, and loops beside them.</summary>
internal sealed class Load(Uri server, CancellationToken end) : IAsyncDisposable
{
    private readonly List<RawHttp2> _connections = [];
    private readonly List<Task> _loops = [];
    private long _answered;
    private long _refused;

    /// <summary>Calls of loops that were answered with OK.</summary>
    internal long Answered => Interlocked.Read(ref _answered);

    /// <summary>Calls of loops that were refused.</summary>
    internal long Refused => Interlocked.Read(ref _refused);

    /// <summary>Connects; the answers of one call may fill the window, those of all together never do.</summary>
    internal async Task<RawHttp2> ConnectAsync(int window = 1 << 30)
    {
        RawHttp2 connection = await RawHttp2.ConnectAsync(server, window);
        _connections.Add(connection);
        await connection.WidenAsync(0, 1 << 30);
        return connection;
    }

    /// <summary>Connects and says nothing.</summary>
    internal async Task ConnectSilentAsync() => _connections.Add(await RawHttp2.ConnectSilentAsync(server));

    /// <summary>Asks once, and waits for the answer.</summary>
    /// <returns>False: the server has closed the connection.</returns>
    internal async Task<bool> AskAsync(RawHttp2 connection)
    {
        try
        {
            await connection.CallAsync(1, Requests.GetContext, Requests.Ask("n1"));
            await connection.ReadUntilAsync("grpc-status", end);
            return true;
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    /// <summary>Reads a connection to its end, or until the run ends.</summary>
    internal void Drain(RawHttp2 connection) => _loops.Add(UntilEndAsync(async () =>
    {
        while (await connection.ReadAsync(end) is not null)
        {
        }
    }));

    /// <summary>Calls over and over, each time when the call before is answered.</summary>
    /// <param name="path">Service and method.</param>
    /// <param name="body">The request, by the number of the call.</param>
    /// <param name="rest">The time between two calls.</param>
    internal void Repeat(string path, Func<int, byte[]> body, TimeSpan rest = default) => _loops.Add(UntilEndAsync(
        async () =>
        {
            RawHttp2 connection = await ConnectAsync();
            for (int call = 0; !end.IsCancellationRequested; call++)
            {
                await connection.CallAsync((2 * call) + 1, path, body(call));
                string status = await connection.ReadUntilAsync("grpc-status", end);
                bool isOk = status[status.IndexOf("grpc-status", StringComparison.Ordinal)..].Contains('0');
                Interlocked.Increment(ref isOk ? ref _answered : ref _refused);
                await Task.Delay(rest, end);
            }
        }));

    /// <summary>Ends the loops and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_loops);
        _connections.ForEach(c => c.Dispose());
    }

    private static async Task UntilEndAsync(Func<Task> run)
    {
        try
        {
            await run();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or System.Net.Sockets.SocketException)
        {
            // The run is over, or the server has cut the connection, which its metrics count.
        }
    }
}
