using System.Net;
using System.Net.Sockets;

namespace ContextGrid.Adapters.Tests.SchemaRegistry;

/// <summary>
/// A port whose connections go on to another. So a registry that keeps nothing can be away, be started anew and be
/// given its schemas again, before its clients reach it.
/// </summary>
internal sealed class PortForward(int port) : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, port);
    private readonly List<TcpClient> _open = [];

    /// <summary>Begins to take connections.</summary>
    internal void Begin(Uri target)
    {
        _listener.Start();
        _ = AcceptAsync(target);
    }

    /// <summary>Ends the port and all its connections.</summary>
    public void Dispose()
    {
        _listener.Stop();
        lock (_open)
        {
            _open.ForEach(c => c.Dispose());
        }
    }

    private async Task AcceptAsync(Uri target)
    {
        try
        {
            while (true)
            {
                TcpClient from = await _listener.AcceptTcpClientAsync();
                var to = new TcpClient();
                lock (_open)
                {
                    _open.AddRange([from, to]);
                }

                await to.ConnectAsync(target.Host, target.Port);
                _ = CopyAsync(from, to);
                _ = CopyAsync(to, from);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The port is closed.
        }
    }

    private static async Task CopyAsync(TcpClient from, TcpClient to)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream());
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // One side is closed; so is the other soon.
        }

        to.Close();
    }
}
