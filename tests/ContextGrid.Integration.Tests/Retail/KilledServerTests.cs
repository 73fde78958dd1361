using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.TestKit.Oracle;
using Google.Protobuf;

namespace ContextGrid.Integration.Tests.Retail;

/// <summary>Fault: SIGKILL of a real server while batches of retail events are under way.</summary>
public sealed class KilledServerTests
{
    private const int BatchSize = 2_000;
    private const int BatchesAcknowledged = 12;

    [Fact]
    public async Task Kill_UnderLoadThenRestart_EveryAcknowledgedEventCountsOnce()
    {
        var stream = new RetailStream(SharedParts.RequireFile("data/online_retail.jsonl.gz"));
        string definitions = Path.Combine(SharedParts.RepositoryRoot(), "examples", "retail");
        DefinitionSet set = DefinitionFiles.Read(definitions).Set
            ?? throw new InvalidOperationException("The example's definitions are wrong.");
        using var directory = new TemporaryDirectory();
        (Dictionary<int, long> acknowledged, int partitions) =
            await PublishAndKillAsync(definitions, directory, stream);

        await using ServerProcess server = await ServerProcess.StartAsync(definitions, directory.Path);
        await server.WaitUntilReadyAsync(TimeSpan.FromMinutes(1));
        using var client = new ContextGridClient(server.Grpc);
        GetStatusResponse status = await client.GetStatusAsync();
        Dictionary<int, long> applied = status.Sources.ToDictionary(s => s.Partition, s => s.AppliedOffset);
        Assert.All(acknowledged, a => Assert.True(applied[a.Key] >= a.Value, $"partition {a.Key} lost its end"));

        // An unacknowledged batch may have become durable in part; what is applied is a beginning of each partition.
        OracleEvent[] durable = [.. stream.Events(partitions).Where(e => e.Offset <= applied[e.Partition])];
        var oracle = new FeatureOracle(OracleDefinitions.Of(set, "customer"));
        Array.ForEach(durable, oracle.Add);
        object[] keys = [.. oracle.Keys.Take(200)];
        ContextResult answer = await client.GetAsync(new ContextRequest
        {
            Entities =
            [
                .. keys.Select(k => new EntityId("customer", ((long)k).ToString(CultureInfo.InvariantCulture))),
            ],
            Newest = true,
        });
        string[] differences =
        [
            .. keys.Zip(answer.Entities).SelectMany(p =>
                ClientValues.Differences(oracle, p.First, p.Second, p.Second.Head.ToUnixTimeMilliseconds())),
        ];
        Assert.True(differences.Length == 0, string.Join('\n', differences.Take(10)));
        Assert.Equal(0, await server.TerminateAsync(TimeSpan.FromSeconds(10)));
    }

    private static async Task<(Dictionary<int, long> Acknowledged, int Partitions)> PublishAndKillAsync(
        string definitions, TemporaryDirectory directory, RetailStream stream)
    {
        var acknowledged = new Dictionary<int, long>();
        await using ServerProcess server = await ServerProcess.StartAsync(definitions, directory.Path);
        using var client = new ContextGridClient(server.Grpc, new() { AttemptsMax = 1 });
        int partitions = (await client.GetDefinitionsAsync()).Topics.Single().Partitions;
        int batches = 0;
        foreach (byte[][] batch in stream.Lines().Chunk(BatchSize))
        {
            Task<PublishResult> publishing = client.PublishAsync(
                "retail", batch.Select(line => new PublishEvent { Payload = ByteString.CopyFrom(line) }));
            if (batches++ == BatchesAcknowledged)
            {
                await server.KillAsync();
                await Record.ExceptionAsync(() => publishing);
                break;
            }

            foreach (SourcePosition position in (await publishing).Positions)
            {
                acknowledged[position.Partition] = position.Offset;
            }
        }

        return (acknowledged, partitions);
    }
}
