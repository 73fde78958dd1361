using System.Text;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Runtime.Verification;
using Microsoft.Extensions.Logging.Abstractions;
using PublishOutcome = ContextGrid.Runtime.Ingestion.PublishOutcome;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.Verification;

/// <summary>
/// A data directory with everything in it, made once by the production code: several segments of a log, dead letters,
/// indexes, several checkpoints. Tests damage copies of it.
/// </summary>
public sealed class DataTemplate : IAsyncLifetime
{
    /// <summary>Whole records in the log of payments.</summary>
    public const int Payments = 52;

    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-verify-").FullName;
    private int _copies;

    private string Template => Path.Combine(_root, "template");

    public async ValueTask InitializeAsync()
    {
        await FillAsync(40);
        for (int start = 0; start < 3; start++)
        {
            await using EmbeddedHost host = await StartAsync(Template);
            for (int i = 0; i < 4; i++)
            {
                await PublishAsync(host, Payment($"s{start}-{i}", $"u{(start * 2) + i}", i));
            }

            await PublishAsync(host, """{"payment_id":"bad","user_id":7}""", keepInvalid: true);
        }
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_root, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>A new copy of the directory.</summary>
    public string Copy() => CopyOf(Template);

    /// <summary>A new copy of any directory.</summary>
    public string CopyOf(string from)
    {
        string copy = Path.Combine(_root, $"copy-{_copies++}");
        foreach (string directory in Directory.GetDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(copy, Path.GetRelativePath(from, directory)));
        }

        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(copy, Path.GetRelativePath(from, file)));
        }

        return copy;
    }

    /// <summary>How many payments each user must have, counted from the list of what was published.</summary>
    public static SortedDictionary<string, long> Counts()
    {
        IEnumerable<string> users = Enumerable.Range(0, 40).Select(i => $"u{i % 9}").Concat(
            from start in Enumerable.Range(0, 3)
            from i in Enumerable.Range(0, 4)
            select $"u{(start * 2) + i}");
        return new SortedDictionary<string, long>(
            users.GroupBy(u => u).ToDictionary(g => g.Key, g => g.LongCount()), StringComparer.Ordinal);
    }

    /// <summary>How many payments each user has.</summary>
    public static async Task<SortedDictionary<string, long>> CountsAsync(EmbeddedHost host)
    {
        string[] users = [.. Counts().Keys];
        var query = new ContextQuery();
        query.Selections.Add(FeatureSelection.All(host.Grid.Plans[0]));
        foreach (string user in users)
        {
            query.Add(0, Encoding.UTF8.GetBytes(user));
        }

        var answer = new ContextAnswer();
        await host.Reader.ReadAsync(query, answer, default);
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        for (int i = 0; i < users.Length; i++)
        {
            counts[users[i]] = answer.Values(i)[0].Int64;
        }

        return counts;
    }

    /// <summary>Checks a directory.</summary>
    public static async Task<(VerifySummary Summary, List<Finding> Findings)> VerifyAsync(
        string directory, bool repair = false, bool withDefinitions = true, params string[] giveUp)
    {
        var findings = new List<Finding>();
        var options = new VerifyOptions
        {
            Directory = directory,
            Definitions = withDefinitions ? Definitions : null,
            Repair = repair,
            GiveUp = giveUp,
        };
        VerifySummary summary = await DataVerifier.RunAsync(
            options, TimeProvider.System, findings.Add, CancellationToken.None);
        return (summary, findings);
    }

    /// <summary>Starts a host on a directory.</summary>
    public static Task<EmbeddedHost> StartAsync(string directory) => EmbeddedHost.StartAsync(
        new EmbeddedHostOptions
        {
            Definitions = Definitions,
            DataDirectory = directory,
            Partitions = 1,
            CheckpointInterval = TimeSpan.FromHours(1),
            RetentionTime = TimeSpan.Zero,
        },
        TimeProvider.System,
        NullLoggerFactory.Instance,
        CancellationToken.None);

    /// <summary>Publishes one event and waits until it is applied.</summary>
    public static async Task PublishAsync(EmbeddedHost host, string json, bool keepInvalid = false)
    {
        PublishOutcome outcome = await host.Publisher.PublishAsync(
            "payments", [new PublishItem(Encoding.UTF8.GetBytes(json), default)], keepInvalid, default);
        foreach (RecordPosition position in outcome.Positions)
        {
            await host.Progress[0].WaitForAsync(position.Offset, default);
        }
    }

    private async Task FillAsync(int records)
    {
        using var directory = DataDirectory.Open(Template);
        await using var log = FileEventLog.Open(
            new FileEventLogOptions
            {
                Directory = directory.LogPath,
                Topics = new Dictionary<string, int> { ["payments"] = 1, ["dead-letters"] = 1 },
                SegmentBytesMax = 4096,
                RetentionTime = TimeSpan.Zero,
            },
            TimeProvider.System,
            NullLogger.Instance);
        for (int i = 0; i < records; i++)
        {
            string json = Payment($"p{i}", $"u{i % 9}", 1).TrimEnd('}') + $",\"note\":\"{new string('n', 300)}\"}}";
            LogRecord[] record = [new LogRecord(0, NowMs + i, default, Encoding.UTF8.GetBytes(json), default)];
            await log.AppendAsync("payments", record, new RecordPosition[1], default);
        }
    }
}
