using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.TestKit.Oracle;
using Google.Protobuf;

namespace ContextGrid.Integration.Tests.Retail;

/// <summary>
/// Half a million real events through a running server with the definitions of examples/retail, then a thousand random
/// questions by gRPC, each about all features of an entity at a random time of the year, mostly before its newest
/// event, so that the log answers. The oracle knows the right answers.
/// </summary>
public sealed class RetailProofTests
{
    private const int Seed = 20101201;
    private const int Heads = 25;
    private const int CustomersPerHead = 27;
    private const int ProductsPerHead = 11;
    private const int CountriesPerHead = 2;
    private const int BatchSize = 5_000;

    [Fact]
    public async Task GetContext_ThousandRandomQuestions_EqualTheOracle()
    {
        string data = SharedParts.RequireFile("data/online_retail.jsonl.gz");
        string definitions = Path.Combine(SharedParts.RepositoryRoot(), "examples", "retail");
        DefinitionSet set = DefinitionFiles.Read(definitions).Set
            ?? throw new InvalidOperationException("The example's definitions are wrong.");
        using var directory = new TemporaryDirectory();
        await using ServerProcess server = await ServerProcess.StartAsync(definitions, directory.Path);
        using var client = new ContextGridClient(server.Grpc, new() { Timeout = TimeSpan.FromMinutes(5) });

        var stream = new RetailStream(data);
        GetDefinitionsResponse known = await client.GetDefinitionsAsync();
        int partitions = known.Topics.Single(t => t.Topic == "retail").Partitions;
        List<OracleEvent> events = stream.Events(partitions);
        IReadOnlyList<SourcePosition> last = await PublishAsync(client, stream);
        Assert.All(last, p => Assert.Equal(events.Count(e => e.Partition == p.Partition) - 1, p.Offset));

        Question[] questions = Ask(set, events, new Random(Seed));
        Dictionary<string, FeatureOracle> oracles = Oracles(set, events, questions);
        (int asked, int present) = (0, 0);
        var differences = new List<string>();
        foreach (IGrouping<long, Question> head in questions.GroupBy(q => q.HeadMs))
        {
            ContextResult answer = await client.GetAsync(RequestOf(head, last));
            foreach ((Question question, EntityResult entity) in head.Zip(answer.Entities))
            {
                asked++;
                present += entity.Count(f => f.Status == FeatureStatus.Present);
                differences.AddRange(
                    ClientValues.Differences(oracles[question.Type], question.Key, entity, question.HeadMs));
            }
        }

        string summary = $"seed {Seed}: {differences.Count} wrong values in {asked} answers\n";
        Assert.True(differences.Count == 0, summary + string.Join('\n', differences.Take(20)));
        Assert.True(asked >= 1_000, summary);
        Assert.True(present > 5 * asked, $"only {present} values are of events: the questions ask about too little");
    }

    private static ContextRequest RequestOf(IGrouping<long, Question> head, IReadOnlyList<SourcePosition> last) => new()
    {
        Entities = [.. head.Select(q => new EntityId(q.Type, Text(q.Key)))],
        AsOf = DateTimeOffset.FromUnixTimeMilliseconds(head.Key),
        MinPosition = last,
    };

    private static async Task<IReadOnlyList<SourcePosition>> PublishAsync(ContextGridClient client, RetailStream stream)
    {
        var last = new Dictionary<int, SourcePosition>();
        foreach (byte[][] batch in stream.Lines().Chunk(BatchSize))
        {
            PublishResult result = await client.PublishAsync(
                "retail", batch.Select(line => new PublishEvent { Payload = ByteString.CopyFrom(line) }));
            Assert.Empty(result.Refused);
            foreach (SourcePosition position in result.Positions)
            {
                last[position.Partition] = position;
            }
        }

        return [.. last.Values];
    }

    // Entities are chosen by their events, so busy ones come often; a few are unknown. The one country that has nine
    // tenths of all lines takes the oracle long, so it is asked about only sometimes.
    private static Question[] Ask(DefinitionSet set, List<OracleEvent> events, Random random)
    {
        long first = events[0].TimeMs;
        long span = events[^1].TimeMs - first + (40L * 86_400_000);
        var questions = new List<Question>();
        for (int i = 0; i < Heads; i++)
        {
            long head = first + random.NextInt64(span);
            var chosen = new HashSet<(string, object)>();
            Choose("customer", CustomersPerHead - 1, _ => true);
            Choose("product", ProductsPerHead - 1, _ => true);
            Choose("country", CountriesPerHead, key => i % 8 == 0 || (string)key != "United Kingdom");
            questions.AddRange(chosen.Select(c => new Question(c.Item1, c.Item2, head)));
            questions.Add(new Question("customer", 99_000_000L + i, head));
            questions.Add(new Question("product", $"none-{i}", head));

            void Choose(string type, int count, Func<object, bool> accepts)
            {
                string field = OracleDefinitions.Of(set, type).Sources["line"];
                for (int wanted = chosen.Count + count; chosen.Count < wanted;)
                {
                    object? key = events[random.Next(events.Count)].Fields[field];
                    _ = key is not null && accepts(key) && chosen.Add((type, key));
                }
            }
        }

        return [.. questions];
    }

    private static Dictionary<string, FeatureOracle> Oracles(
        DefinitionSet set, List<OracleEvent> events, Question[] questions)
    {
        var oracles = new Dictionary<string, FeatureOracle>();
        foreach (IGrouping<string, Question> type in questions.GroupBy(q => q.Type))
        {
            var oracle = new FeatureOracle(OracleDefinitions.Of(set, type.Key));
            string field = oracle.Entity.Sources["line"];
            HashSet<object> keys = [.. type.Select(q => q.Key)];
            foreach (OracleEvent e in events.Where(e => e.Fields[field] is { } key && keys.Contains(key)))
            {
                oracle.Add(e);
            }

            oracles.Add(type.Key, oracle);
        }

        return oracles;
    }

    private static string Text(object key) => Convert.ToString(key, CultureInfo.InvariantCulture) ?? "";

    /// <summary>An entity and a time.</summary>
    private sealed record Question(string Type, object Key, long HeadMs);
}
