using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Server.Tests.Http;

/// <summary>The whole server in this process, on free ports and a new data directory, with a small definition.
/// </summary>
public class HttpFixture : IAsyncLifetime
{
    /// <summary>The definitions that the server has.</summary>
    protected virtual string Definitions => """
        version: 1
        events:
          payment:
            topic: payments
            timestamp: ts
            key: user
            fields: {user: string, amount: double, note: string}
        entities:
          user:
            from: {payment: user}
            features:
              payments: payment | count()
              spend: payment | sum(amount)
              last_note: payment | last(note)
              mean: spend / payments
        """;

    private readonly string _data = Path.Combine(Path.GetTempPath(), $"contextgrid-http-{Guid.NewGuid():n}");
    private GridServer? _server;

    internal GridServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

    /// <summary>A client of the HTTP port.</summary>
    public HttpClient Client { get; private set; } = new();

    public async ValueTask InitializeAsync()
    {
        DefinitionReadResult read = DefinitionFiles.Parse("test.yaml", Definitions);
        Assert.Empty(read.Errors);
        Assert.NotNull(read.Set);
        var options = new ServerOptions(
            "", _data, 0, 0, false, 1, 1, false, 2, TimeSpan.FromSeconds(60), TimeSpan.Zero);
        _server = await GridServer.StartAsync(options, read.Set, TimeProvider.System);
        Client.Dispose();
        Client = new HttpClient { BaseAddress = new Uri(_server.HttpAddress) };
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
        Directory.Delete(_data, recursive: true);
    }

    /// <summary>Posts bytes and reads the answer as JSON.</summary>
    internal async Task<(HttpStatusCode Code, JsonElement Json)> PostAsync(
        string path, byte[] body, string type = "application/json", string? encoding = null)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        using HttpResponseMessage response = await Client.PostAsync(path, content);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }

    internal Task<(HttpStatusCode Code, JsonElement Json)> PostAsync(
        string path, string body, string type = "application/json") =>
        PostAsync(path, Encoding.UTF8.GetBytes(body), type);

    /// <summary>Publishes events that must be taken, and waits until they can be read.</summary>
    internal async Task PublishAsync(string body, int events)
    {
        (HttpStatusCode code, JsonElement json) = await PostAsync("/v1/events/payments", body);
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal(events, json.GetProperty("accepted").GetInt32());
        await WaitForAsync(json);
    }

    /// <summary>Waits until what was published can be read.</summary>
    internal async Task WaitForAsync(JsonElement json)
    {
        foreach (JsonElement position in json.GetProperty("positions").EnumerateArray())
        {
            int partition = position.GetProperty("partition").GetInt32();
            long offset = long.Parse(
                position.GetProperty("offset").ToString(), System.Globalization.CultureInfo.InvariantCulture);
            await Server.Host.Progress
                .First(p => p.Partition.Partition == partition
                    && p.Partition.Topic == position.GetProperty("topic").GetString())
                .WaitForAsync(offset, CancellationToken.None);
        }
    }

    /// <summary>One event.</summary>
    internal static string Event(string user, double amount, string note = "") => JsonSerializer.Serialize(
        new { user, amount, note, ts = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() });
}
