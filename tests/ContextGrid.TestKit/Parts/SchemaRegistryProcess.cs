using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace ContextGrid.TestKit.Parts;

/// <summary>A real registry (franz-go's) in a process of its own, on a free port; it keeps nothing when it
/// ends.</summary>
public sealed class SchemaRegistryProcess : IDisposable
{
    private readonly Process _process;
    private readonly HttpClient _http;
    private int _ended;

    private SchemaRegistryProcess(Process process, Uri address, string? authorization)
    {
        _process = process;
        Address = address;
        _http = new HttpClient { BaseAddress = address };
        if (authorization is not null)
        {
            _http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        }
    }

    /// <summary>Where it answers, also after it has ended.</summary>
    public Uri Address { get; }

    /// <summary>Starts one and waits until it answers; skips the test where there is no such program.</summary>
    /// <param name="authorization">The header that every request must have; null: none.</param>
    public static async Task<SchemaRegistryProcess> StartAsync(string? authorization = null)
    {
        string program = SharedParts.RequireProgram("schema-registry");
        string listen = $"127.0.0.1:{FreePort()}";
        string[] more = authorization is null ? [] : ["-authorization", authorization];
        var start = new ProcessStartInfo(program, ["-listen", listen, .. more])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var registry = new SchemaRegistryProcess(process, new Uri($"http://{listen}/"), authorization);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (long began = Stopwatch.GetTimestamp(); ; await timer.WaitForNextTickAsync())
        {
            try
            {
                using HttpResponseMessage answer = await registry._http.GetAsync("subjects");
                return registry;
            }
            catch (HttpRequestException) when (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30))
            {
                // It does not listen yet.
            }
        }
    }

    /// <summary>A port that was free just now.</summary>
    public static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }

    /// <summary>Registers a schema and gives its id.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="schema">The schema's text.</param>
    /// <param name="type">Its language; null: AVRO.</param>
    /// <param name="references">What it refers to: names that are subjects as well, in version 1.</param>
    public async Task<int> RegisterAsync(
        string subject, string schema, string? type = null, params string[] references)
    {
        var body = new JsonObject { ["schema"] = schema };
        if (type is not null)
        {
            body["schemaType"] = type;
        }

        body["references"] = new JsonArray([.. references.Select(r => (JsonNode)new JsonObject
        {
            ["name"] = r, ["subject"] = r, ["version"] = 1,
        })]);
        using HttpResponseMessage answer = await _http.PostAsJsonAsync($"subjects/{subject}/versions", body);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)?["id"]?.GetValue<int>() ?? 0;
    }

    /// <summary>Ends the process; once is enough.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 1)
        {
            return;
        }

        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
        _http.Dispose();
    }
}
