using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ContextGrid.Orleans.Operations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ContextGrid.Orleans.Tests.Operations;

/// <summary>The dashboard in an application of its own, over HTTP.</summary>
public sealed class SiloDashboardTests : IDisposable
{
    private const string Password = "a-word";

    private readonly string _file = Path.GetTempFileName();

    public SiloDashboardTests() => File.WriteAllText(_file, Password);

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task Get_WithAPassword_ShowsTheGrainsToWhoKnowsIt()
    {
        await using var cluster = new ClusterFixture();
        await cluster.PublishAsync(users: 50, events: 200);
        await using SiloHost silo = await StartAsync(cluster, "@" + _file);
        await cluster.RequireAsync(silo);
        await using WebApplication app = await ServeAsync(silo);
        using HttpClient client = ClientOf(app);
        foreach (string path in (string[])["/orleans", "/orleans/", "/orleans/GrainTypes", "/orleans/no", "/ORLEANS/"])
        {
            using HttpResponseMessage without = await client.GetAsync(path);
            Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
            Assert.Equal("Basic", Assert.Single(without.Headers.WwwAuthenticate).Scheme);
            Assert.DoesNotContain("<", await without.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        client.DefaultRequestHeaders.Authorization = Basic("wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, "/orleans/GrainTypes"));
        client.DefaultRequestHeaders.Authorization = Basic(Password);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(client, "/orleans/no"));
        Assert.Equal(HttpStatusCode.MovedPermanently, await StatusAsync(client, "/orleans"));
        Assert.Contains("html", await client.GetStringAsync("/orleans/"), StringComparison.OrdinalIgnoreCase);
        Assert.Contains(
            typeof(Replay.ReplayIndexGrain).FullName!, await client.GetStringAsync("/orleans/GrainTypes"),
            StringComparison.Ordinal);
        await silo.Replays.ListAsync();
        await RequireGrainsAsync(client);
    }

    [Fact]
    public async Task Get_OtherPaths_AreTheApplications()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await StartAsync(cluster, "@" + _file);
        await using WebApplication app = await ServeAsync(silo);
        using HttpClient client = ClientOf(app);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        client.DefaultRequestHeaders.Authorization = Basic(Password);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(client, "/GrainTypes"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(client, "/orleansx/GrainTypes"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(client, "/orleans/hello"));
    }

    [Fact]
    public async Task Get_CraftedPathsWithoutAPassword_OpenNothing()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await StartAsync(cluster, "@" + _file);
        await using WebApplication app = await ServeAsync(silo);
        (string Path, string Status)[] requests =
        [
            ("/hello/../orleans/GrainTypes", "401"),
            ("/%6Frleans/GrainTypes", "401"),
            ("/hello/%2e%2e/orleans/GrainTypes", "401"),
            ("/orleans//GrainTypes", "401"),
            ("/orleans/..%2FGrainTypes", "401"),
            ("//orleans/GrainTypes", "404"),
            ("/orleans%2FGrainTypes", "404"),
            ("/orleans/../GrainTypes", "404"),
            ("/hello;/orleans/GrainTypes", "404"),
        ];
        foreach ((string path, string status) in requests)
        {
            string answer = await SendAsync(new Uri(app.Urls.Single()), path);
            Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("Grain", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Get_Open_NeedsNoPasswordOnTheMachineItself()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await StartAsync(cluster, "open");
        await using WebApplication app = await ServeAsync(silo);
        using HttpClient client = ClientOf(app);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "/orleans/GrainTypes"));
        client.DefaultRequestHeaders.Add("Elsewhere", "yes");
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(client, "/orleans/GrainTypes"));
    }

    [Fact]
    public async Task Get_NoneConfigured_ThereIsNone()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await cluster.StartAsync();
        await using WebApplication app = await ServeAsync(silo);
        using HttpClient client = ClientOf(app);
        client.DefaultRequestHeaders.Authorization = Basic(Password);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(client, "/orleans/"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(client, "/orleans/GrainTypes"));
    }

    // The grains of the dashboard may not be placed on a silo without it.
    [Fact]
    public async Task Get_OtherSilosHaveNone_StillWorks()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        await using SiloHost silo = await StartAsync(cluster, "@" + _file);
        await using WebApplication app = await ServeAsync(silo);
        await cluster.PublishAsync(users: 50, events: 200);
        await cluster.RequireAsync(silo);
        using HttpClient client = ClientOf(app);
        client.DefaultRequestHeaders.Authorization = Basic(Password);
        await silo.Replays.ListAsync();
        await RequireGrainsAsync(client);
    }

    private static async Task RequireGrainsAsync(HttpClient client)
    {
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        while (true)
        {
            string json = await client.GetStringAsync("/orleans/DashboardCounters", limit.Token);
            using JsonDocument counters = JsonDocument.Parse(json);
            if (counters.RootElement.GetProperty("simpleGrainStats").EnumerateArray().Any(g =>
                g.GetProperty("grainType").GetString() == typeof(Replay.ReplayIndexGrain).FullName
                && g.GetProperty("activationCount").GetInt32() > 0))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), limit.Token);
        }
    }

    private static Task<SiloHost> StartAsync(ClusterFixture cluster, string access)
    {
        Assert.True(DashboardAccess.TryParse(access, out DashboardAccess? dashboard, out string? error), error);
        return cluster.StartAsync(change: options => options with { Dashboard = dashboard });
    }

    private static async Task<WebApplication> ServeAsync(SiloHost silo)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        app.Use(next => http =>
        {
            bool isElsewhere = http.Request.Headers.ContainsKey("Elsewhere");
            http.Connection.RemoteIpAddress = isElsewhere ? IPAddress.Parse("192.0.2.1") : IPAddress.Loopback;
            return next(http);
        });
        app.UseSiloDashboard(silo);
        app.UseRouting();
        app.MapGet("/hello", http => http.Response.WriteAsync("hello"));
        await app.StartAsync();
        return app;
    }

    private static HttpClient ClientOf(WebApplication app) =>
        new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(app.Urls.Single()) };

    private static AuthenticationHeaderValue Basic(string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"operator:{password}")));

    // As it stands: a client would tidy the path first.
    private static async Task<string> SendAsync(Uri address, string path)
    {
        using var client = new TcpClient();
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        await client.ConnectAsync(address.Host, address.Port, limit.Token);
        byte[] request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        await client.GetStream().WriteAsync(request, limit.Token);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync(limit.Token);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using HttpResponseMessage response = await client.GetAsync(path);
        return response.StatusCode;
    }
}
