using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using ContextGrid.Contracts.V1;
using Google.Protobuf;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>Writes a GetContext request as gRPC sends it, for h2load; prints how many bytes the answer has.</summary>
internal static class RequestFile
{
    internal static async Task WriteAsync(Arguments arguments)
    {
        var message = new GetContextRequest();
        int users = arguments.Count("users", 100_000), count = arguments.Count("count", 1);
        for (int i = 0; i < count; i++)
        {
            // From a quarter of the users on, who have about as many events as half of all users have at most.
            message.Entities.Add(new EntityRef { Type = "user", Key = $"u{((users / 4) + (37 * i)) % users}" });
        }

        byte[] bytes = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), bytes.Length - 5);
        message.ToByteArray().CopyTo(bytes, 5);
        await File.WriteAllBytesAsync(arguments.Text("file", "request"), bytes);

        using var http = new HttpClient();
        using var request = new HttpRequestMessage(
            HttpMethod.Post, arguments.Text("server", "") + "/contextgrid.v1.ContextService/GetContext")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(bytes),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using HttpResponseMessage response = await http.SendAsync(request);
        byte[] answer = await response.Content.ReadAsByteArrayAsync();
        Console.Out.WriteLine(answer.Length);
    }
}
