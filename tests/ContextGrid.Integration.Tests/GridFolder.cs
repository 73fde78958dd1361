using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using Google.Protobuf;

namespace ContextGrid.Integration.Tests;

/// <summary>Small definitions, and the data of a server that tests start on it again and again.</summary>
public sealed class GridFolder : IDisposable
{
    /// <summary>The definitions that tests use when they do not bring their own.</summary>
    public const string Payments = """
        version: 1
        events:
          payment:
            topic: payments
            timestamp: ts
            id: payment_id
            dedupe: 10m
            key: user_id
            max_future: 5m
            fields: {payment_id: string, user_id: string, merchant: string, amount: double, items: int64, ok: bool}
          tick:
            topic: ticks
            key: user_id
            fields: {user_id: string, n: int64}
        entities:
          user:
            from: {payment: user_id, tick: user_id}
            allowed_lateness: 1h
            features:
              payments: payment | count()
              items: payment | sum(items)
              items_1h: payment | sum(items) over 1h
              spend: payment | sum(amount)
              merchants: payment | distinct(merchant)
              payment_ids: payment | distinct_exact(payment_id)
              ticks: tick | count()
              tick_sum: tick | sum(n)
              tick_numbers: tick | distinct_exact(n)
              tick_last: tick | last(n)

        """;

    private readonly TemporaryDirectory _root = new();

    /// <summary>Makes the directory and writes the definitions.</summary>
    public GridFolder(string definitions = Payments)
    {
        WriteDefinitions(definitions);
        Data = At("data");
    }

    /// <summary>The directory of definitions.</summary>
    public string Definitions => Path.Combine(_root.Path, "definitions");

    /// <summary>The data directory of the servers that are started from now on.</summary>
    public string Data { get; set; }

    /// <summary>Another path in the same place.</summary>
    public string At(string name) => Path.Combine(_root.Path, name);

    /// <summary>Replaces the definitions.</summary>
    public void WriteDefinitions(string yaml)
    {
        Directory.CreateDirectory(Definitions);
        File.WriteAllText(Path.Combine(Definitions, "definitions.yaml"), yaml);
    }

    /// <summary>Reads the definitions of a directory.</summary>
    /// <exception cref="InvalidOperationException">They are wrong.</exception>
    public static DefinitionSet ReadDefinitions(string directory) => DefinitionFiles.Read(directory).Set
        ?? throw new InvalidOperationException("The definitions are wrong.");

    /// <summary>Starts a server that is expected to run.</summary>
    public Task<ServerProcess> StartAsync(params string[] more) => ServerProcess.StartAsync(Definitions, Data, more);

    /// <summary>Starts a server and does not wait for it.</summary>
    public ServerProcess Begin(params string[] more) => ServerProcess.Begin(Definitions, Data, more);

    /// <summary>Starts a server that is expected to end by itself.</summary>
    public Task<ProcessRun> RunAsync(params string[] more) =>
        RunRawAsync(
        [
            "--definitions", Definitions, .. ServerProcess.Data(Data, more), .. Unless(more, "--http"),
            .. Unless(more, "--grpc"), .. more,
        ]);

    /// <summary>Runs the server with exactly these arguments to its end.</summary>
    public static Task<ProcessRun> RunRawAsync(params string[] arguments) =>
        ProcessRun.RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "ContextGrid.Server.dll"), .. arguments]);

    /// <summary>A client that tries everything once.</summary>
    public static ContextGridClient Connect(ServerProcess server) =>
        new(server.Grpc, new ContextGridClientOptions { AttemptsMax = 1 });

    /// <summary>An event of a text.</summary>
    public static PublishEvent Event(string json, long? timestampMs = null)
    {
        var published = new PublishEvent { Payload = ByteString.CopyFromUtf8(json) };
        if (timestampMs is { } time)
        {
            published.TimestampMs = time;
        }

        return published;
    }

    /// <summary>A user's features when the positions are applied.</summary>
    public static async Task<EntityResult> ReadAsync(
        ContextGridClient client, string user, IReadOnlyList<SourcePosition> after)
    {
        ContextResult result = await client.GetAsync(
            new ContextRequest { Entities = [new EntityId("user", user)], MinPosition = after });
        return result.Entities[0];
    }

    private static string[] Unless(string[] arguments, string port) => arguments.Contains(port) ? [] : [port, "0"];

    /// <inheritdoc/>
    public void Dispose() => _root.Dispose();
}
