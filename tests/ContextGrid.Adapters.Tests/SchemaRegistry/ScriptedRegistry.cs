using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ContextGrid.TestKit.Parts;

namespace ContextGrid.Adapters.Tests.SchemaRegistry;

/// <summary>
/// A registry in this process that answers what the test says, also what no registry would: for faults, and for
/// decoders that need nothing but a schema. <see cref="SchemaRegistryProcess"/> is a real one.
/// </summary>
internal sealed class ScriptedRegistry : IDisposable
{
    private const int PortsMax = 8;

    private readonly HttpListener _listener;
    private readonly ConcurrentDictionary<string, string> _bodies = new(StringComparer.Ordinal)
    {
        ["/schemas/types"] = """["JSON","PROTOBUF","AVRO"]""",
    };

    internal ScriptedRegistry()
    {
        (_listener, Address) = Listen();
        _ = ServeAsync();
    }

    internal Uri Address { get; }

    /// <summary>Answers the next requests in this way; then as a registry would.</summary>
    internal ConcurrentQueue<(int Status, string Body)> Next { get; } = new();

    /// <summary>What was asked: path and query, then the Authorization header.</summary>
    internal ConcurrentQueue<(string Path, string? Authorization)> Asked { get; } = new();

    /// <summary>Holds requests back until it is completed.</summary>
    internal TaskCompletionSource? Gate { get; set; }

    /// <summary>Has a schema under an id.</summary>
    internal void Add(int id, string schema, string? type = null, params (string Name, string Schema)[] references)
    {
        var list = new JsonArray();
        foreach ((string name, string text) in references)
        {
            _bodies[$"/subjects/{name}/versions/1"] = Body(text, type, null);
            list.Add(new JsonObject { ["name"] = name, ["subject"] = name, ["version"] = 1 });
        }

        _bodies[$"/schemas/ids/{id}"] = Body(schema, type, list);
        _bodies[$"/schemas/ids/{id}/versions"] = """[{"subject":"orders-value","version":1}]""";
    }

    /// <summary>Has a schema under a GUID.</summary>
    internal void Add(Guid id, string schema) => _bodies[$"/schemas/guids/{id}"] = Body(schema, null, null);

    /// <summary>Has nothing at a path any more.</summary>
    internal void Remove(string path) => _bodies.TryRemove(path, out _);

    /// <summary>Answers 503 at a path.</summary>
    internal void Fail(string path) => _bodies[path] = "";

    public void Dispose() => _listener.Close();

    // A port that is free may be taken by another program before it is listened on.
    private static (HttpListener Listener, Uri Address) Listen()
    {
        for (int tried = 1; ; tried++)
        {
            var address = new Uri($"http://127.0.0.1:{SchemaRegistryProcess.FreePort()}/");
            var listener = new HttpListener();
            listener.Prefixes.Add(address.AbsoluteUri);
            try
            {
                listener.Start();
                return (listener, address);
            }
            catch (HttpListenerException) when (tried < PortsMax)
            {
                listener.Close();
            }
        }
    }

    private static string Body(string schema, string? type, JsonArray? references)
    {
        var body = new JsonObject { ["schema"] = schema };
        if (type is not null)
        {
            body["schemaType"] = type;
        }

        if (references?.Count > 0)
        {
            body["references"] = references;
        }

        return body.ToJsonString(new JsonSerializerOptions());
    }

    private async Task ServeAsync()
    {
        try
        {
            while (_listener.IsListening)
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                _ = AnswerAsync(context);
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        string path = Uri.UnescapeDataString(context.Request.Url?.AbsolutePath ?? "");
        Asked.Enqueue((path, context.Request.Headers["Authorization"]));
        await (Gate?.Task ?? Task.CompletedTask);
        if (!Next.TryDequeue(out (int Status, string Body) answer))
        {
            answer = _bodies.TryGetValue(path, out string? body)
                ? (body.Length > 0 ? 200 : 503, body)
                : (404, """{"error_code":40403,"message":"schema not found"}""");
        }

        context.Response.StatusCode = answer.Status;
        byte[] bytes = Encoding.UTF8.GetBytes(answer.Body);
        await context.Response.OutputStream.WriteAsync(bytes);
        context.Response.Close();
    }
}
