using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>
/// A ceiling of the machine: Kestrel answers every HTTP/2 request with so many bytes and does nothing else. Prints its
/// address and runs until its input ends.
/// </summary>
internal static class KestrelCeiling
{
    internal static async Task RunAsync(Arguments arguments)
    {
        byte[] answer = new byte[arguments.Count("bytes", 1_024)];
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        await using WebApplication app = builder.Build();
        app.Run(async http =>
        {
            while (!(await http.Request.BodyReader.ReadAsync()).IsCompleted)
            {
                http.Request.BodyReader.AdvanceTo(default);
            }

            http.Response.ContentType = "application/grpc";
            await http.Response.BodyWriter.WriteAsync(answer);
        });
        await app.StartAsync();
        Console.Out.WriteLine($"grpc: {app.Urls.First()}");
        while (await Console.In.ReadLineAsync() is not null)
        {
        }
    }
}
