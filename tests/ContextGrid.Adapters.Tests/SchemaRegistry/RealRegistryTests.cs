using System.Diagnostics;
using System.Text;
using ContextGrid.Adapters.SchemaRegistry;
using ContextGrid.Adapters.Tests.SchemaRegistry.Avro;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.TestKit.Parts;
using ContextGrid.TestKit.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.Adapters.Tests.SchemaRegistry;

/// <summary>Against a real schema registry (franz-go's) in a process of its own.</summary>
public sealed class RealRegistryTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly string First = AvroDecoderTests.Schema("""{"name":"amount","type":"int"}""");

    private static readonly string Second = AvroDecoderTests.Schema("""{"name":"amount","type":"double"}""");

    [Fact]
    public async Task Get_RegisteredSchemaWithReferences_ComesWithThemInOrder()
    {
        using SchemaRegistryProcess registry = await SchemaRegistryProcess.StartAsync();
        await registry.RegisterAsync("b.proto", "syntax = \"proto3\"; message B { int32 x = 1; }", "PROTOBUF");
        await registry.RegisterAsync(
            "a.proto", "syntax = \"proto3\"; import \"b.proto\"; message A { B b = 1; }", "PROTOBUF", "b.proto");
        int id = await registry.RegisterAsync(
            "top", "syntax = \"proto3\"; import \"a.proto\"; message T { A a = 1; }", "PROTOBUF", "a.proto");
        using SchemaRegistryClient client = SchemaEvents.ClientOf(registry.Address);

        RegistrySchema? schema = (await client.GetAsync(new SchemaId(id), CancellationToken.None)).Schema;

        Assert.Equal(["b.proto", "a.proto"], schema?.References.Select(r => r.Name));
        Assert.Equal("top", await client.FindSubjectAsync(new SchemaId(id), CancellationToken.None));
        Assert.NotNull(await client.GetLatestAsync("a.proto", CancellationToken.None));
        Assert.Null(await client.GetLatestAsync("nobody-value", CancellationToken.None));
        Assert.Equal(default, await client.GetAsync(new SchemaId(id + 100), CancellationToken.None));
    }

    [Fact]
    public async Task Get_RegistryWantsAuthorization_TakesTheRightSecretOnly()
    {
        using SchemaRegistryProcess registry = await SchemaRegistryProcess.StartAsync("Basic cmVhZGVyOnNlc2FtZQ==");
        int id = await registry.RegisterAsync("a", First);
        (string? Secret, bool IsRight)[] all = [("reader:sesame", true), ("reader:other", false), (null, false)];
        foreach ((string? secret, bool isRight) in all)
        {
            using var client = new SchemaRegistryClient(
                new SchemaRegistryOptions
                {
                    Address = registry.Address, Credentials = RegistryCredentials.Parse(secret),
                },
                TimeProvider.System);
            Task<RegistryReply> get = client.GetAsync(new SchemaId(id), CancellationToken.None).AsTask();
            if (isRight)
            {
                Assert.NotNull((await get).Schema);
            }
            else
            {
                await Assert.ThrowsAsync<SchemaUnavailableException>(() => get);
            }
        }
    }

    [Fact]
    public async Task Ingest_RegistryIsAwayAndComesBack_WaitsAndLosesNothing()
    {
        using var directory = new TemporaryDirectory();
        int port = SchemaRegistryProcess.FreePort();
        using (SchemaRegistryProcess registry = await SchemaRegistryProcess.StartAsync())
        using (var forward = new PortForward(port))
        {
            forward.Begin(registry.Address);
            int first = await registry.RegisterAsync("orders-value", First);
            int second = await registry.RegisterAsync("orders-value", Second);
            using SchemaRegistryClient client = ClientOf(port);
            await using EmbeddedHost host = await StartAsync(directory, client, rebuild: false);
            PublishOutcome outcome =
                await PublishAsync(host, Order(first, w => w.Long(2)), Order(second, w => w.Double(0.5)));
            Assert.Equal(2, outcome.Accepted);
            await host.Progress[0].WaitForAsync(1, CancellationToken.None).AsTask().WaitAsync(Limit);
            Assert.Equal("2.5", await SumAsync(host));
        }

        using SchemaRegistryClient later = ClientOf(port);
        await using EmbeddedHost again = await StartAsync(directory, later, rebuild: true);
        await UntilAsync(() => WhyNotReady(again)?.Contains("schema registry", StringComparison.Ordinal) == true);
        Assert.Equal((0, 2), (again.Progress[0].Next, again.Progress[0].Lag));
        await Assert.ThrowsAsync<SchemaUnavailableException>(
            () => PublishAsync(again, Order(1, w => w.Long(2))));

        // It starts anew with nothing; its schemas get their ids again before anybody can ask.
        using SchemaRegistryProcess restarted = await SchemaRegistryProcess.StartAsync();
        await restarted.RegisterAsync("orders-value", First);
        await restarted.RegisterAsync("orders-value", Second);
        using var back = new PortForward(port);
        back.Begin(restarted.Address);
        await again.Progress[0].WaitForAsync(1, CancellationToken.None).AsTask().WaitAsync(Limit);
        Assert.Equal("2.5", await SumAsync(again));
        await UntilAsync(() => WhyNotReady(again) is null);
        Assert.Equal(0, (await again.DeadLetters.CountAsync(CancellationToken.None)).Total);
    }

    private static SchemaRegistryClient ClientOf(int port) =>
        SchemaEvents.ClientOf(new Uri($"http://127.0.0.1:{port}/"));

    private static string? WhyNotReady(EmbeddedHost host) =>
        host.WhyNotReady(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());

    private static byte[] Order(int id, Func<AvroWriter, AvroWriter> amount) =>
        SchemaEvents.Frame(id, amount(new AvroWriter().Text("u1")).ToArray());

    private static Task<EmbeddedHost> StartAsync(
        TemporaryDirectory directory, SchemaRegistryClient client, bool rebuild)
    {
        DefinitionReadResult read = DefinitionFiles.Parse("d.yaml", """
            version: 1
            events:
              order: {topic: orders, format: avro, fields: {key: string, amount: double}}
            entities:
              user: {from: {order: key}, features: {spent: order | sum(amount)}}
            """);
        return EmbeddedHost.StartAsync(
            new EmbeddedHostOptions
            {
                Definitions = read.Set ?? throw new InvalidOperationException(string.Join('\n', read.Errors)),
                DataDirectory = directory.Path,
                Partitions = 1,
                Rebuild = rebuild,
                Decoders = new SchemaDecoders(client).Create,
            },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None);
    }

    private static Task<PublishOutcome> PublishAsync(EmbeddedHost host, params byte[][] payloads) =>
        host.Publisher.PublishAsync(
            "orders",
            [.. payloads.Select(p => new PublishItem(p, default))],
            false,
            CancellationToken.None).AsTask();

    private static async Task<string> SumAsync(EmbeddedHost host)
    {
        var query = new ContextQuery();
        query.Selections.Add(FeatureSelection.All(host.Grid.Plans[0]));
        query.Add(0, Encoding.UTF8.GetBytes("u1"));
        var answer = new ContextAnswer();
        await host.Reader.ReadAsync(query, answer, CancellationToken.None);
        return answer.Values(0)[0].ToString();
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (long began = Stopwatch.GetTimestamp(); !holds(); await timer.WaitForNextTickAsync())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Limit, "It did not come to hold in time.");
        }
    }
}
