using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Confluent.Kafka.Admin;
using ContextGrid.Client;
using ContextGrid.Contracts.Rpc;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>A real broker with an authorizer: each right that is missing is named, with its topic or group.</summary>
public sealed class KafkaRightsTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly GridFolder _grid = new(OutputLoad.Definitions);

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Start_RightsAreMissing_NamesAllOfThemAndLeavesNoTopicBehind()
    {
        await using GuardedBroker broker = await GuardedBroker.StartAsync();
        await KafkaTopics.CreateAsync(broker.Open.BootstrapServers, ("payments", 1));
        await RequireRefusedAsync(broker, "DESCRIBE on the topic payments", "DESCRIBE on the topic dead-letters");
        await broker.GrantAsync("payments", AclOperation.Describe);
        await broker.GrantAsync("dead-letters", AclOperation.Read, AclOperation.Write);
        await RequireRefusedAsync(broker, "READ on the topic payments");
        await broker.GrantAsync("payments", AclOperation.Read);
        await RequireRefusedAsync(broker, "CREATE on the topic dead-letters");
        Assert.DoesNotContain("dead-letters", broker.Topics);

        // What is refused for another reason leaves no topic behind either.
        await broker.GrantAsync("dead-letters", AclOperation.Create);
        _grid.WriteDefinitions(OutputLoad.Definitions.Replace("topic: payments", "topic: elsewhere"));
        await broker.GrantAsync("elsewhere", AclOperation.Read);
        await RequireRefusedAsync(broker, "There is no topic 'elsewhere'");
        Assert.DoesNotContain("dead-letters", broker.Topics);

        _grid.WriteDefinitions(OutputLoad.Definitions);
        using (var taken = new TcpListener(IPAddress.Loopback, 0))
        {
            taken.Start();
            string port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
            ProcessRun run = await _grid.RunAsync([.. broker.Arguments(_grid.At("properties")), "--http", port]);
            Assert.Equal(1, run.ExitCode);
            Assert.Contains("address already in use", run.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("dead-letters", broker.Topics);
        }

        await KafkaTopics.CreateAsync(broker.Open.BootstrapServers, ("dead-letters", 1));
        await broker.TakeAsync("dead-letters", AclOperation.Write);
        await RequireRefusedAsync(broker, "WRITE on the topic dead-letters");
        _grid.WriteDefinitions(OutputLoad.Definitions.Replace(
            "payment | count()}}", "payment | count()}, outputs: {all: {topic: features}}}"));
        await broker.GrantAsync("dead-letters", AclOperation.Write);
        await KafkaTopics.CreateAsync(broker.Open.BootstrapServers, ("features", 1));
        await broker.GrantAsync("features", AclOperation.Describe);
        await RequireRefusedAsync(broker, "WRITE on the topic features");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_WithTheLeastRights_WorksAndNamesEachThatIsMissing(bool isCluster)
    {
        await using GuardedBroker broker = await GuardedBroker.StartAsync();
        await KafkaTopics.CreateAsync(broker.Open.BootstrapServers, ("payments", 1), ("dead-letters", 1));
        await broker.GrantAsync("payments", AclOperation.Read);
        await broker.GrantAsync("dead-letters", AclOperation.Read, AclOperation.Write);
        string[] topology = isCluster
            ? ["--cluster", "--silo", $"127.0.0.1:{PartProcess.FreePort()}", "--snapshots", _grid.At("snapshots")]
            : [];
        await using ServerProcess server = await _grid.StartAsync(
            [.. broker.Arguments(_grid.At("properties")), "--checkpoint-interval", "1", .. topology]);
        using ContextGridClient client = GridFolder.Connect(server);
        using var http = new HttpClient { BaseAddress = server.Http };
        await server.WaitUntilReadyAsync(Limit);
        await broker.ProduceAsync("payments", """{"user":"u1","n":1}""");
        await WaitForAsync(server, client, payments: 1);

        // Told, and no hindrance.
        IReadOnlyList<string> notes = (await client.GetStatusAsync()).Notes;
        Assert.Contains(notes, n => n.Contains("READ on the group contextgrid", StringComparison.Ordinal));
        Assert.Contains(notes, n => n.Contains("WRITE on the topic payments", StringComparison.Ordinal));
        Assert.Contains(
            "READ on the group contextgrid", await http.GetStringAsync("/readyz"), StringComparison.Ordinal);
        ContextGridException refused = await Assert.ThrowsAsync<ContextGridException>(
            () => client.PublishAsync("payments", """{"user":"u1","n":1}"""));
        Assert.Equal(GrpcStatusCode.PermissionDenied, refused.StatusCode);
        Assert.Contains("WRITE on the topic payments", refused.Message, StringComparison.Ordinal);

        // Taken away while it runs: the partition waits, and says for what.
        await broker.TakeAsync("dead-letters", AclOperation.Write);
        await broker.ProduceAsync("payments", "poison");
        await broker.ProduceAsync("payments", """{"user":"u1","n":2}""");
        await server.WaitUntilAsync("held up by its dead letters", Limit, async () =>
            (await client.GetStatusAsync()).Sources[0].Fault.Contains(
                "WRITE on the topic dead-letters", StringComparison.Ordinal));
        if (!isCluster)
        {
            using HttpResponseMessage ready = await http.GetAsync("/readyz");
            Assert.Equal(503, (int)ready.StatusCode);
            Assert.Contains(
                "WRITE on the topic dead-letters", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        await broker.GrantAsync("dead-letters", AclOperation.Write);
        await WaitForAsync(server, client, payments: 2);
        await broker.TakeAsync("payments", AclOperation.Read);
        await server.WaitUntilAsync("without the right to read", Limit, async () =>
            (await client.GetStatusAsync()).Sources[0].Fault.Contains(
                "on the topic payments", StringComparison.Ordinal));
        await broker.GrantAsync("payments", AclOperation.Read, AclOperation.Write);
        await server.WaitUntilAsync("allowed to publish", Limit, async () =>
            await AcceptsAsync(client));
        await WaitForAsync(server, client, payments: 3);
    }

    private static async Task<bool> AcceptsAsync(ContextGridClient client)
    {
        try
        {
            return (await client.PublishAsync("payments", """{"user":"u1","n":3}""")).Accepted == 1;
        }
        catch (ContextGridException e) when (e.StatusCode == GrpcStatusCode.PermissionDenied)
        {
            return false;
        }
    }

    private static Task WaitForAsync(ServerProcess server, ContextGridClient client, long payments) =>
        server.WaitUntilAsync($"at {payments} payments", Limit, async () =>
            (await GridFolder.ReadAsync(client, "u1", []))["payments"] is { IsNull: false } value
                && value.AsInt64 == payments);

    private async Task RequireRefusedAsync(GuardedBroker broker, params string[] why)
    {
        ProcessRun run = await _grid.RunAsync(broker.Arguments(_grid.At("properties")));
        Assert.Equal(1, run.ExitCode);
        Assert.All(why, w => Assert.Contains(w, run.Error, StringComparison.Ordinal));
        Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
