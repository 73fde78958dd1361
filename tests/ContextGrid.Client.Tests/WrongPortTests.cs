using System.Net;
using System.Net.Sockets;

namespace ContextGrid.Client.Tests;

public sealed class WrongPortTests
{
    [Fact]
    public async Task GetAsync_PortOfHttp1_IsNamedSo()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var enough = new CancellationTokenSource();
        var answering = AnswerAllAsync();
        using var client = new ContextGridClient(new Uri($"http://{listener.LocalEndpoint}"));

        var e = await Assert.ThrowsAsync<ContextGridException>(() => client.GetAsync("user", "u1"));

        await enough.CancelAsync();
        await answering;
        Assert.Equal(GrpcStatusCode.Unimplemented, e.StatusCode);
        Assert.Contains("HTTP/1.1 only", e.Message, StringComparison.Ordinal);
        Assert.Contains("gRPC port", e.Advice, StringComparison.Ordinal);

        // A client whose request is not on its way yet when the connection ends takes another connection.
        async Task AnswerAllAsync()
        {
            try
            {
                while (true)
                {
                    using var socket = await listener.AcceptSocketAsync(enough.Token);
                    await AnswerAsync(socket);
                }
            }
            catch (OperationCanceledException)
            {
                // The test has seen enough.
            }
        }

        // GOAWAY with HTTP_1_1_REQUIRED, as Kestrel answers on a port without HTTP/2.
        static async Task AnswerAsync(Socket socket)
        {
            try
            {
                await socket.ReceiveAsync(new byte[1024]);
                await socket.SendAsync((byte[])[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0d]);
                socket.Shutdown(SocketShutdown.Send);
                while (await socket.ReceiveAsync(new byte[1024]) > 0)
                {
                }
            }
            catch (SocketException)
            {
                // The client has gone.
            }
        }
    }
}
