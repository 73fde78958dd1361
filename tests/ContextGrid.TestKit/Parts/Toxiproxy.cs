using System.Globalization;
using System.Net.Http.Json;

namespace ContextGrid.TestKit.Parts;

/// <summary>
/// Toxiproxy: stands between a client and a service on 127.0.0.1 and breaks the connections in the ways that tests ask
/// for. Thread-safe.
/// </summary>
public sealed class Toxiproxy : IAsyncDisposable
{
    private readonly PartProcess _process;
    private readonly HttpClient _http;
    private int _proxies;

    private Toxiproxy(PartProcess process, HttpClient http) => (_process, _http) = (process, http);

    /// <summary>Starts one; skips the test, loudly, where the program is missing.</summary>
    public static async Task<Toxiproxy> StartAsync()
    {
        string program = SharedParts.RequireProgram("toxiproxy-server");
        string port = PartProcess.FreePort().ToString(CultureInfo.InvariantCulture);
        var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        PartProcess process = await PartProcess.StartAsync(program, ["-host", "127.0.0.1", "-port", port], async () =>
        {
            try
            {
                using HttpResponseMessage answer = await http.GetAsync("version");
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        return new Toxiproxy(process, http);
    }

    /// <summary>Stands in front of a service.</summary>
    /// <param name="port">The service's port on 127.0.0.1.</param>
    public async Task<ToxicRoute> RouteAsync(int port)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"route{Interlocked.Increment(ref _proxies)}");
        int listen = PartProcess.FreePort();
        using HttpResponseMessage answer = await _http.PostAsJsonAsync("proxies", new
        {
            name,
            listen = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{listen}"),
            upstream = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"),
            enabled = true,
        });
        await RequireAsync(answer);
        return new ToxicRoute(_http, name, listen);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync();
    }

    internal static async Task RequireAsync(HttpResponseMessage answer) => Assert.True(
        answer.IsSuccessStatusCode, $"toxiproxy: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
}

/// <summary>One way through a <see cref="Toxiproxy"/>. Thread-safe.</summary>
public sealed class ToxicRoute
{
    private readonly HttpClient _http;
    private readonly string _path;

    internal ToxicRoute(HttpClient http, string name, int port) =>
        (_http, _path, Port) = (http, "proxies/" + name, port);

    /// <summary>The port on 127.0.0.1 that clients use.</summary>
    public int Port { get; }

    /// <summary>Breaks connections from now on, those that are open too.</summary>
    /// <param name="type">As Toxiproxy calls it: latency, limit_data, reset_peer, timeout, bandwidth …</param>
    /// <param name="stream"><c>upstream</c>: what the client sends; <c>downstream</c>: what it gets.</param>
    /// <param name="attributes">As Toxiproxy calls them, such as <c>new { latency = 100 }</c>.</param>
    /// <returns>Its name, for <see cref="RemoveAsync"/>.</returns>
    public async Task<string> AddAsync(string type, string stream, object attributes)
    {
        string name = $"{type}_{stream}";
        using HttpResponseMessage answer = await _http.PostAsJsonAsync(
            _path + "/toxics", new { name, type, stream, toxicity = 1.0, attributes });
        await Toxiproxy.RequireAsync(answer);
        return name;
    }

    /// <summary>Ends a fault; connections that it has stopped go on or are closed.</summary>
    public async Task RemoveAsync(string toxic)
    {
        using HttpResponseMessage answer = await _http.DeleteAsync($"{_path}/toxics/{toxic}");
        await Toxiproxy.RequireAsync(answer);
    }

    /// <summary>Refuses connections and closes the open ones, or takes them again.</summary>
    public async Task EnableAsync(bool enabled)
    {
        using HttpResponseMessage answer = await _http.PostAsJsonAsync(_path, new { enabled });
        await Toxiproxy.RequireAsync(answer);
    }
}
