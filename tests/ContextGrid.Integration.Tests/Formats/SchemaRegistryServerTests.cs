using System.Buffers.Binary;
using System.Text;
using ContextGrid.Cli;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using Google.Protobuf;

namespace ContextGrid.Integration.Tests.Formats;

/// <summary>The server's program beside a real schema registry (franz-go's).</summary>
public sealed class SchemaRegistryServerTests : IDisposable
{
    private const string Orders = """
        version: 1
        events:
          order: {topic: orders, format: avro, fields: {user_id: string, amount: double}}
        entities:
          user: {from: {order: user_id}, features: {spent: order | sum(amount)}}
        """;

    private const string Schema = """
        {"type":"record","name":"Order","fields":[
          {"name":"order_id","type":"string"},{"name":"user_id","type":"string"},{"name":"amount","type":"double"},
          {"name":"status","type":["null","string"],"default":null}]}
        """;

    private readonly GridFolder _grid = new(Orders);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Start_AvroWithoutARegistry_SaysWhatToGive()
    {
        ProcessRun run = await _grid.RunAsync();
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Event 'order' has the format avro", run.Error, StringComparison.Ordinal);
        Assert.Contains("--schema-registry URL", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_FramedAvro_IsReadBackAndAMissingRegistryIsUnavailable()
    {
        using SchemaRegistryProcess registry = await SchemaRegistryProcess.StartAsync();
        int id = await registry.RegisterAsync("orders-value", Schema);
        await using ServerProcess server = await _grid.StartAsync("--schema-registry", registry.Address.AbsoluteUri);
        using ContextGridClient client = GridFolder.Connect(server);

        PublishResult taken = await client.PublishAsync(
            "orders", [Order(id, "u1", 2.5), Order(id, "u1", 1), Order(id + 9, "u1", 1)]);
        Assert.Equal((2, "unknown_schema"), (taken.Accepted, Assert.Single(taken.Refused).Reason));
        EntityResult user = await GridFolder.ReadAsync(client, "u1", taken.Positions);
        Assert.Equal(3.5, user["spent"].AsDouble);

        registry.Dispose();
        Assert.Equal(1, (await client.PublishAsync("orders", [Order(id, "u1", 1)])).Accepted);
        ContextGridException away = await Assert.ThrowsAsync<ContextGridException>(
            () => client.PublishAsync("orders", [Order(id + 100, "u1", 1)]));
        Assert.Equal(GrpcStatusCode.Unavailable, away.StatusCode);
        Assert.Contains("schema registry", away.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scaffold_SubjectOfTheRegistry_IsADefinitionThatTheServerTakes()
    {
        using SchemaRegistryProcess registry = await SchemaRegistryProcess.StartAsync();
        int id = await registry.RegisterAsync("orders-value", Schema);
        using var text = new StringWriter();
        using var error = new StringWriter();
        var console = new CliConsole
        {
            Out = text, Error = error, OpenInput = () => Stream.Null, OpenOutput = () => Stream.Null,
        };
        string address = registry.Address.AbsoluteUri;
        int code = await CommandLineApp.RunAsync(
            ["definitions", "scaffold", "--topic", "orders", "--schema-registry", address], console);
        Assert.True(code == 0, error.ToString());
        Assert.Contains("format: avro", text.ToString(), StringComparison.Ordinal);

        _grid.WriteDefinitions(text.ToString());
        await using ServerProcess server = await _grid.StartAsync("--schema-registry", address);
        using ContextGridClient client = GridFolder.Connect(server);
        PublishResult taken = await client.PublishAsync("orders", [Order(id, "u1", 2.5)]);
        Assert.Equal(1, taken.Accepted);
        EntityResult user = await GridFolder.ReadAsync(client, "u1", taken.Positions);
        Assert.Equal(2.5, user["amount_sum_1h"].AsDouble);
    }

    private static PublishEvent Order(int id, string user, double amount)
    {
        byte[] key = Encoding.UTF8.GetBytes(user);
        byte[] payload = [0, 0, 0, 0, 0, 2, 111, (byte)(key.Length * 2), .. key, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(1), id);
        BinaryPrimitives.WriteDoubleLittleEndian(payload.AsSpan(payload.Length - 9), amount);
        return new PublishEvent { Payload = ByteString.CopyFrom(payload) };
    }
}
