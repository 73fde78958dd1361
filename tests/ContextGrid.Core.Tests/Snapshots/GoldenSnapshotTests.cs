using ContextGrid.Core.Definitions;
using ContextGrid.Core.Snapshots;
using ContextGrid.Core.Tests.Entities;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Core.Tests.Snapshots;

/// <summary>
/// A snapshot of the version's format stays readable, and today's writer writes the same bytes: who changes the format
/// gives it a new version and a new file, and either keeps the reader of this one, or, when its content means something
/// else, refuses it with what to do. CONTEXTGRID_GOLDEN_WRITE=1 writes the file anew; that is right only before a
/// format is released.
/// </summary>
public sealed class GoldenSnapshotTests
{
    private readonly GoldenSnapshot _golden = new();

    [Fact]
    public void Restore_SnapshotOfVersion2_AnswersWhatTheOracleSays()
    {
        var engine = new EngineUnderTest(_golden.Yaml);
        engine.Restore(File.ReadAllBytes(GoldenSnapshot.FilePath));
        FeatureOracle oracle = _golden.Oracle();
        long newest = oracle.NewestMs(GoldenSnapshot.Key) ?? throw new InvalidOperationException("No events.");
        foreach (long headMs in new[] { newest, newest + 1, newest + 45_000, newest + 3_600_000, newest + 90_000_000 })
        {
            Assert.Empty(engine.Differences(oracle, GoldenSnapshot.Key, headMs));
        }
    }

    [Fact]
    public void Restore_SnapshotOfVersion1_IsRefusedWithWhatToDo()
    {
        var engine = new EngineUnderTest(_golden.Yaml);
        var refused = Assert.Throws<SnapshotFormatException>(
            () => engine.Restore(File.ReadAllBytes(GoldenSnapshot.OldFilePath)));
        Assert.Contains("version 1", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--rebuild", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_EventsOfTheSnapshot_GivesTheSameBytes()
    {
        byte[] written = _golden.Applied().Snapshot();
        if (Environment.GetEnvironmentVariable("CONTEXTGRID_GOLDEN_WRITE") == "1")
        {
            File.WriteAllBytes(GoldenSnapshot.FilePath, written);
        }

        Assert.Equal(File.ReadAllBytes(GoldenSnapshot.FilePath), written);
    }

    [Fact]
    public void Write_RestoredSnapshot_GivesTheSameBytes()
    {
        var engine = new EngineUnderTest(_golden.Yaml);
        byte[] golden = File.ReadAllBytes(GoldenSnapshot.FilePath);
        engine.Restore(golden);
        Assert.Equal(golden, engine.Snapshot());
    }

    [Fact]
    public void Definitions_OfTheSnapshot_HaveEveryAggregateAndWindow()
    {
        AggregateFeature[] features = [.. _golden.Definitions.Entities[0].Features.OfType<AggregateFeature>()];
        Assert.Equal(
            Enum.GetValues<AggregateKind>().Order(), features.Select(f => f.Aggregate.Kind).Distinct().Order());
        Assert.Equal(Enum.GetValues<WindowKind>().Order(), features.Select(f => f.Window.Kind).Distinct().Order());
        Assert.Contains(features, f => f.Window.Exact);
        Assert.Contains(features, f => f.By is not null);
    }
}
