using System.Collections.Immutable;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Tests.Entities;
using ContextGrid.Runtime.Codecs;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Core.Tests.Snapshots;

/// <summary>
/// The entity of a checked-in snapshot: definitions with every aggregate, every kind of window and <c>by</c>, and fixed
/// events, which are numbers' plain arithmetic so that they never change.
/// </summary>
internal sealed class GoldenSnapshot
{
    internal const string Key = "u1";

    private const long StartMs = 1_750_000_000_000;
    private const int Events = 420;

    private static readonly string Folder = FindFolder();

    internal GoldenSnapshot()
    {
        Yaml = File.ReadAllText(Path.Combine(Folder, "everything.yaml"));
        DefinitionReadResult read = DefinitionFiles.Parse("everything.yaml", Yaml);
        Definitions = read.Set ?? throw new InvalidOperationException(string.Join('\n', read.Errors.AsEnumerable()));
        Stream = [.. Enumerable.Range(0, Events).Select(MakeEvent)];
    }

    /// <summary>The definitions as text.</summary>
    internal string Yaml { get; }

    /// <summary>The definitions.</summary>
    internal DefinitionSet Definitions { get; }

    /// <summary>The events in order of arrival.</summary>
    internal ImmutableArray<OracleEvent> Stream { get; }

    /// <summary>Where the bytes of today's version are kept.</summary>
    internal static string FilePath => Path.Combine(Folder, "v2.everything.snapshot");

    /// <summary>Where the bytes of a version are kept that counted by other rules.</summary>
    internal static string OldFilePath => Path.Combine(Folder, "v1.everything.snapshot");

    /// <summary>An engine that has applied the events.</summary>
    internal EngineUnderTest Applied()
    {
        var engine = new EngineUnderTest(Yaml);
        engine.ApplyAll(Stream);
        return engine;
    }

    /// <summary>An oracle that has seen the events.</summary>
    internal FeatureOracle Oracle()
    {
        var oracle = new FeatureOracle(OracleDefinitions.Of(Definitions, "user"));
        foreach (OracleEvent e in Stream)
        {
            oracle.Add(e);
        }

        return oracle;
    }

    // Bursts at the start and at the end make dense tiles, the events between stay rows; every eleventh is late.
    private static OracleEvent MakeEvent(int i)
    {
        long step = i < 200 ? i * 40L : i < 300 ? 8_000 + ((i - 200) * 97_000L) : 9_708_000 + ((i - 300) * 350L);
        long time = StartMs + step - (i % 11 == 5 ? 15_000 : 0);
        bool isRefund = i % 7 == 3;
        var fields = new Dictionary<string, object?>
        {
            ["user"] = Key,
            ["amount"] = i % 13 == 0 ? null : ((i * 7919 % 1000) - 200) / 8.0,
            ["qty"] = i % 17 == 0 ? null : (i * 31L % 23) - 4,
            ["merchant"] = "m" + (i * 37 % 211),
            ["country"] = i % 19 == 0 ? null : new[] { "DE", "FR", "日本" }[i * 5 % 3],
            ["flag"] = i % 3 == 0,
            ["at"] = new OracleTime(time - (i % 5)),
        };
        string name = isRefund ? "refund" : "payment", topic = isRefund ? "returns" : "sales";
        return new OracleEvent(name, time, topic, i % 3, i, fields);
    }

    private static string FindFolder()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "ContextGrid.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return Path.Combine(
            folder ?? throw new InvalidOperationException("The tests run outside the repository."),
            "tests", "ContextGrid.Core.Tests", "Snapshots");
    }
}
