using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Server.Tests.Services;

namespace ContextGrid.Server.Tests;

/// <summary>A server that is a cluster of one: what its HTTP port shows of Orleans.</summary>
public sealed partial class SiloServerTests : IAsyncLifetime
{
    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-silo-server-").FullName;
    private readonly HttpClient _client = new();
    private GridServer? _server;

    public async ValueTask InitializeAsync()
    {
        string password = Path.Combine(_root, "password");
        await File.WriteAllTextAsync(password, "a-word\n");
        DefinitionReadResult read = DefinitionFiles.Parse(
            "test.yaml",
            """
            version: 1
            events: {payment: {topic: payments, key: user, fields: {user: string}}}
            entities:
              user:
                from: {payment: user}
                features: {payments: payment | count(), who: payment | last(user)}
            """);
        Assert.NotNull(read.Set);
        ServerOptions? options = null;
        ServerOptions.Parse(
            [
                "--cluster", "--silo", $"127.0.0.1:{FreePort()}", "--cluster-dashboard", "@" + password, "--data",
                Path.Combine(_root, "data"), "--http", "0", "--grpc", "0",
            ],
            parsed =>
            {
                options = parsed;
                return Task.FromResult(0);
            });
        Assert.NotNull(options);
        _server = await GridServer.StartAsync(options, read.Set, TimeProvider.System);
        _client.BaseAddress = new Uri(_server.HttpAddress);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task Dashboard_OfTheServer_NeedsItsPassword()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await _client.GetAsync("/orleans/GrainTypes")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync("/metrics")).StatusCode);
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "a-word");
        Assert.Contains("ReplayGrain", await _client.GetStringAsync("/orleans/GrainTypes"), StringComparison.Ordinal);

        // The port's own guard is before it: a page of another site has no part in it, password or not.
        using var foreign = new HttpRequestMessage(HttpMethod.Get, "/orleans/GrainTypes");
        foreign.Headers.Add("Origin", "http://elsewhere.example");
        Assert.Equal(HttpStatusCode.Forbidden, (await _client.SendAsync(foreign)).StatusCode);
    }

    [Fact]
    public async Task Metrics_OfASilo_HaveThoseOfOrleansInPrometheusNames()
    {
        string text = await _client.GetStringAsync("/metrics");
        Assert.Matches("\norleans_catalog_activations{[^}]*} [1-9]", text);
        Assert.Contains("contextgrid_", text, StringComparison.Ordinal);
        string[] samples = [.. text.Split('\n').Where(l => l.Length > 0 && l[0] != '#')];
        Assert.All(samples, s => Assert.Matches(PrometheusName(), s.Split('{', ' ')[0]));
    }

    [Fact]
    public async Task Context_OfAClusterWithNamesOfAnyText_AnswersEachListAsAList()
    {
        using var content = new StringContent("{\"user\":\"odd\"}", Encoding.UTF8, "application/json");
        using HttpResponseMessage published = await _client.PostAsync("/v1/events/payments", content);
        string text = await published.Content.ReadAsStringAsync();
        Assert.True(published.StatusCode == HttpStatusCode.OK, text);
        JsonElement position = JsonDocument.Parse(text).RootElement.GetProperty("positions")[0];
        using var ask = new StringContent(
            $$"""{"entities":[{"type":"user","key":"odd"}],"minPosition":[{{position}}]}""", Encoding.UTF8,
            "application/json");
        Assert.Equal(HttpStatusCode.OK, (await _client.PostAsync("/v1/context", ask)).StatusCode);
        await FeatureNameLists.CheckAsync(_client, "odd", ("payments", "1"), ("who", "odd"));
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("^[a-zA-Z_:][a-zA-Z0-9_:]*$")]
    private static partial Regex PrometheusName();
}
