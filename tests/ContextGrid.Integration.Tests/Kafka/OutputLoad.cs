using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using ContextGrid.Adapters.Kafka;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>Produces payments straight into Kafka, and knows what each user's features are then. One task at a time.
/// </summary>
internal sealed class OutputLoad : IDisposable
{
    /// <summary>Definitions for what is produced, where a test needs no more.</summary>
    internal const string Definitions = """
        version: 1
        events:
          payment: {topic: payments, fields: {user: string, n: int64}}
        entities:
          user: {from: {payment: user}, features: {payments: payment | count()}}

        """;

    private readonly IProducer<string, byte[]> _producer;
    private readonly Dictionary<string, (long Count, long Total, long Newest)> _users = new(StringComparer.Ordinal);

    internal OutputLoad(string bootstrapServers)
    {
        _producer = new ProducerBuilder<string, byte[]>(new ProducerConfig
        {
            BootstrapServers = bootstrapServers, EnableIdempotence = true, LingerMs = 1,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
    }

    /// <summary>How many payments are delivered.</summary>
    internal long Produced { get; private set; }

    /// <summary>Produces payments of users in turn, one after the other: each user's last one is known.</summary>
    /// <param name="users">How many.</param>
    /// <param name="events">How many payments.</param>
    /// <param name="prefix">Before the users' names: others are others.</param>
    internal async Task ProduceAsync(int users, int events, string prefix = "")
    {
        for (int i = 0; i < events; i++)
        {
            long n = Produced++;
            string user = string.Create(CultureInfo.InvariantCulture, $"{prefix}u{n % users}");
            string json = $$"""{"id":"p{{n}}","user":"{{user}}","n":{{n}}}""";
            await _producer.ProduceAsync(
                "payments", new Message<string, byte[]> { Key = user, Value = Encoding.UTF8.GetBytes(json) });
            (long count, long total, _) = _users.GetValueOrDefault(user);
            _users[user] = (count + 1, total + n, n);
        }
    }

    /// <summary>Compares the last values with what was produced.</summary>
    internal void Check(Dictionary<string, JsonElement> last)
    {
        Assert.Equal(_users.Keys.Order(), last.Keys.Order());
        foreach ((string user, (long count, long total, long newest)) in _users)
        {
            JsonElement record = last[user], values = record.GetProperty("values");
            Assert.Equal("user", record.GetProperty("type").GetString());
            Assert.Equal(user, record.GetProperty("key").GetString());
            Assert.Equal(count, values.GetProperty("payments").GetInt64());
            Assert.Equal(total, values.GetProperty("total").GetInt64());
            Assert.Equal(newest, values.GetProperty("newest").GetInt64());
            Assert.Equal(count, values.GetProperty("by_user").GetProperty(user).GetInt64());
            Assert.False(values.TryGetProperty("payments_1h", out _));
            Assert.Empty(record.GetProperty("statuses").EnumerateObject());
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _producer.Dispose();
}
