using System.Text;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Logging.Abstractions;

namespace ContextGrid.Runtime.Tests.Embedded.Log;

/// <summary>A directory for a log, removed at the end, and short ways to write and read one partition.</summary>
public sealed class LogFixture : IDisposable
{
    public static readonly TopicPartition Partition = new("events", 0);

    public string Root { get; } = Directory.CreateTempSubdirectory("contextgrid-log-").FullName;

    public string PartitionPath => Path.Combine(Root, "events", "0");

    public string NewestSegment => Directory.GetFiles(PartitionPath, "*.log").Order(StringComparer.Ordinal).Last();

    public FileEventLogOptions Options => new()
    {
        Directory = Root,
        Topics = new Dictionary<string, int> { ["events"] = 1 },
    };

    public FileEventLog Open(FileEventLogOptions? options = null, TimeProvider? time = null) =>
        FileEventLog.Open(options ?? Options, time ?? TimeProvider.System, NullLogger.Instance);

    public static LogRecord Record(string value, string key = "k", long time = 1000) =>
        new(0, time, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value), default);

    public static async Task<RecordPosition[]> AppendAsync(FileEventLog log, params LogRecord[] records)
    {
        var positions = new RecordPosition[records.Length];
        await log.AppendAsync("events", records, positions, default);
        return positions;
    }

    /// <summary>The values from an offset to the end.</summary>
    public static async Task<List<string>> ReadAllAsync(FileEventLog log, long from = 0)
    {
        var values = new List<string>();
        var batch = new LogBatch();
        await using ILogReader reader = log.OpenReader(Partition, from);
        while (await reader.ReadAsync(batch, TimeSpan.Zero, default) == ReadOutcome.Records)
        {
            for (int i = 0; i < batch.Count; i++)
            {
                Assert.Equal(from + values.Count, batch[i].Offset);
                values.Add(Encoding.UTF8.GetString(batch.Value(i)));
            }
        }

        return values;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
