using ContextGrid.Runtime.Demo;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.SiloRuns;

/// <summary>A file log with simulated payments.</summary>
internal static class PaymentLog
{
    private const int Batch = 5_000;

    /// <summary>Opens it.</summary>
    internal static FileEventLog Open(SiloRunOptions options) => FileEventLog.Open(
        new FileEventLogOptions
        {
            Directory = Path.Combine(options.Data, "log"),
            Topics = new Dictionary<string, int> { [PaymentGenerator.Topic] = 4, ["dead-letters"] = 1 },
            RetentionTime = TimeSpan.Zero,
        },
        TimeProvider.System, NullLogger.Instance);

    /// <summary>Appends payments.</summary>
    /// <param name="log">The log.</param>
    /// <param name="options">How many.</param>
    /// <param name="round">Which lot of them, from 0.</param>
    internal static async Task AppendAsync(IEventLog log, SiloRunOptions options, int round)
    {
        var generator = new PaymentGenerator(new TrafficShape(options.Users, 1, 1_767_225_600_000));
        byte[] buffer = new byte[TrafficShape.EventBytesMax];
        var positions = new RecordPosition[Batch];
        foreach (int[] indexes in Enumerable.Range(round * options.Events, options.Events).Chunk(Batch))
        {
            LogRecord[] records = [.. indexes.Select(i => Record(generator, i, buffer))];
            await log.AppendAsync(PaymentGenerator.Topic, records, positions, CancellationToken.None);
        }
    }

    private static LogRecord Record(PaymentGenerator generator, int index, byte[] buffer)
    {
        byte[] json = buffer[..generator.Write(index, buffer)];
        int start = json.AsSpan().IndexOf("\"user_id\":\""u8) + 11;
        int length = json.AsSpan(start).IndexOf((byte)'"');
        return new LogRecord(-1, 1_767_225_600_000 + index, json.AsMemory(start, length), json, default);
    }
}
