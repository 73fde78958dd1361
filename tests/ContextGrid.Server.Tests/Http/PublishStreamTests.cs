using System.Net;
using ContextGrid.Contracts.V1;
using ContextGrid.Server.Tests.Grpc;
using Google.Protobuf;

namespace ContextGrid.Server.Tests.Http;

/// <summary>A stream of batches that goes wrong must end, whatever its client waits for.</summary>
public sealed class PublishStreamTests(HttpFixture server) : IClassFixture<HttpFixture>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task PublishStream_BatchFailsWhileTheClientWaitsForItsAnswer_EndsWithTheReason()
    {
        using var probe = new GrpcProbe(new Uri(server.Server.GrpcAddress).Authority);
        using var body = new OpenBody(GrpcProbe.Frame(
            new PublishRequest { Topic = "nothing", Events = { new PublishEvent { Payload = ByteString.Empty } } }));
        using HttpResponseMessage response = await probe.StartAsync(
            "/contextgrid.v1.IngestService/PublishStream", body, [], CancellationToken.None).WaitAsync(Limit);
        await response.Content.ReadAsByteArrayAsync().WaitAsync(Limit);
        body.End();
        string status = response.Headers.TryGetValues("grpc-status", out IEnumerable<string>? early)
            ? early.Single()
            : response.TrailingHeaders.GetValues("grpc-status").Single();
        Assert.Equal("5", status);
    }

    /// <summary>Sends a message and then nothing until the test ends the body.</summary>
    private sealed class OpenBody(byte[] message) : HttpContent
    {
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal void End() => _end.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(message);
            await stream.FlushAsync();
            await _end.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
