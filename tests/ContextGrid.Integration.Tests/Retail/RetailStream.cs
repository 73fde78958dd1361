using System.IO.Compression;
using System.Text.Json;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Integration.Tests.Retail;

/// <summary>The invoice lines of UCI Online Retail, as bytes to publish and as events of the oracle.</summary>
internal sealed class RetailStream(string path)
{
    private static readonly string[] Names =
    [
        "ts", "invoice_no", "customer_id", "stock_code", "description", "quantity", "unit_price", "country",
        "cancelled",
    ];

    private readonly Dictionary<string, string> _texts = [];

    /// <summary>The lines, in the order of the file.</summary>
    internal IEnumerable<byte[]> Lines()
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            yield return System.Text.Encoding.UTF8.GetBytes(line);
        }
    }

    /// <summary>All events, standing where a log with so many partitions puts them.</summary>
    internal List<OracleEvent> Events(int partitions)
    {
        long[] next = new long[partitions];
        var events = new List<OracleEvent>();
        foreach (byte[] line in Lines())
        {
            using JsonDocument json = JsonDocument.Parse(line);
            object?[] values = [.. Names.Select(n => Value(n, json.RootElement.GetProperty(n)))];
            int partition = KafkaPartition.Of((string)values[1]!, partitions); // Every line has an invoice.
            long time = ((OracleTime)values[0]!).Ms; // Every line has a time.
            var fields = new OracleFields(Names, values);
            events.Add(new OracleEvent("line", time, "retail", partition, next[partition]++, fields));
        }

        return events;
    }

    private object? Value(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => Shared(value.GetString()!), // A string is not null.
        _ when name == "ts" => new OracleTime(value.GetInt64()),
        _ when name == "unit_price" => value.GetDouble(),
        _ => value.GetInt64(),
    };

    private string Shared(string text) => _texts.TryAdd(text, text) ? text : _texts[text];
}
