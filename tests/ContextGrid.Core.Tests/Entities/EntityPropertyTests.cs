using ContextGrid.Core.Entities;
using ContextGrid.Core.Snapshots;
using ContextGrid.TestKit.Oracle;
using ContextGrid.TestKit.Scenarios;
using static ContextGrid.Core.Tests.Entities.ScenarioRuns;

namespace ContextGrid.Core.Tests.Entities;

/// <summary>
/// Random definitions over random streams. A failure prints its seed and the smallest scenario found that still fails;
/// set CONTEXTGRID_SEED to run one seed again, CONTEXTGRID_RUNS to run more seeds than the default.
/// </summary>
public sealed class EntityPropertyTests
{
    // Ten scenarios in turn have every aggregate with every kind of window once.
    private const int Runs = 80;

    [Fact]
    public void Query_RandomFeaturesAndEvents_EqualsTheOracle() => ForAll(Runs, (scenario, random) =>
    {
        var engine = new EngineUnderTest(scenario.ToYaml());
        var oracle = new FeatureOracle(scenario.Entity);
        int askAt = random.Next(1, scenario.Events.Length + 1);
        for (int i = 0; i < scenario.Events.Length; i++)
        {
            engine.Apply(scenario.Events[i]);
            oracle.Add(scenario.Events[i]);
            if ((i + 1) % askAt == 0 && Ask(engine, oracle, random) is { } wrong)
            {
                return $"after {i + 1} events {wrong}";
            }
        }

        return Ask(engine, oracle, random);
    });

    [Fact]
    public void Snapshot_PartitionsInterleavedOtherwise_HasTheSameBytes() => ForAll(Runs, (scenario, random) =>
    {
        var engine = new EngineUnderTest(scenario.ToYaml());
        engine.ApplyAll(scenario.Events);
        byte[] expected = engine.Snapshot();
        for (int i = 0; i < 4; i++)
        {
            var other = new EngineUnderTest(scenario.ToYaml());
            other.ApplyAll(ScenarioMaker.Interleave(scenario.Events, random));
            if (!expected.AsSpan().SequenceEqual(other.Snapshot()))
            {
                return "another interleaving of the partitions gives other bytes";
            }
        }

        return null;
    });

    [Fact]
    public void Restore_AtAnyPointThenContinued_GivesTheSameBytesAndAnswers() => ForAll(Runs, (scenario, random) =>
    {
        var straight = new EngineUnderTest(scenario.ToYaml());
        var broken = new EngineUnderTest(scenario.ToYaml());
        var oracle = new FeatureOracle(scenario.Entity);
        int every = random.Next(1, 30);
        for (int i = 0; i < scenario.Events.Length; i++)
        {
            straight.Apply(scenario.Events[i]);
            broken.Apply(scenario.Events[i]);
            oracle.Add(scenario.Events[i]);
            if (i % every == 0)
            {
                byte[] snapshot = broken.Snapshot();
                broken.Restore(snapshot);
                if (!snapshot.AsSpan().SequenceEqual(broken.Snapshot()))
                {
                    return $"after {i + 1} events the restored entity has other bytes than its snapshot";
                }
            }
        }

        return straight.Snapshot().AsSpan().SequenceEqual(broken.Snapshot())
            ? Ask(broken, oracle, random)
            : "snapshots on the way change the bytes at the end";
    });

    [Fact]
    public void Apply_PrefixDeliveredAgain_ChangesNothing() => ForAll(Runs, (scenario, random) =>
    {
        var engine = new EngineUnderTest(scenario.ToYaml());
        int stop = random.Next(scenario.Events.Length + 1);
        engine.ApplyAll(scenario.Events.Take(stop));
        byte[] before = engine.Snapshot();
        foreach (OracleEvent e in scenario.Events[random.Next(stop + 1)..stop])
        {
            if (engine.Apply(e) != ApplyOutcome.AlreadyApplied)
            {
                return $"{e.Topic}/{e.Partition}@{e.Offset} was applied again";
            }
        }

        return before.AsSpan().SequenceEqual(engine.Snapshot()) ? null : "redelivery changes the bytes";
    });

    [Fact]
    public void Restore_CutOrDamagedBytes_Throws() => ForAll(12, (scenario, random) =>
    {
        var engine = new EngineUnderTest(scenario.ToYaml());
        engine.ApplyAll(scenario.Events);
        byte[] whole = engine.Snapshot();
        for (int i = 0; i < 200; i++)
        {
            byte[] damaged = whole[..random.Next(whole.Length)];
            if (i % 2 == 0)
            {
                damaged = [.. whole];
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            }

            if (!ThrowsFormat(engine, damaged))
            {
                return $"{damaged.Length} of {whole.Length} bytes, damaged, are taken";
            }
        }

        return null;
    });

    [Fact]
    public void Restore_WrongBytesWithARightChecksum_ThrowsNothingElse() => ForAll(12, (scenario, random) =>
    {
        var engine = new EngineUnderTest(scenario.ToYaml());
        engine.ApplyAll(scenario.Events);
        byte[] whole = engine.Snapshot();
        for (int i = 0; i < 300; i++)
        {
            byte[] damaged = [.. whole];
            damaged[random.Next(damaged.Length - 4)] = (byte)random.Next(256);
            BitConverter.TryWriteBytes(damaged.AsSpan(^4), Crc32C.Compute(damaged.AsSpan()[..^4]));
            ThrowsFormat(engine, damaged);
        }

        return null;
    });

    private static bool ThrowsFormat(EngineUnderTest engine, byte[] snapshot)
    {
        try
        {
            engine.Restore(snapshot);
            return false;
        }
        catch (SnapshotFormatException)
        {
            return true;
        }
    }

    private static string? Ask(EngineUnderTest engine, FeatureOracle oracle, Random random)
    {
        long newest = oracle.NewestMs(Scenario.Key) ?? 0;
        long[] later = [0, 1, random.Next(2_000), random.Next(100_000), random.Next(10_000_000), 1L << 33];
        IEnumerable<long> heads = later.Select(l => newest + l).Concat(Edges(oracle, random));
        foreach (long head in heads.Where(h => h >= newest).Distinct())
        {
            List<string> differences = engine.Differences(oracle, Scenario.Key, head);
            if (differences.Count > 0)
            {
                return string.Join('\n', differences);
            }
        }

        return null;
    }

    // Heads at which some event is just inside or just outside of some window.
    private static IEnumerable<long> Edges(FeatureOracle oracle, Random random)
    {
        long[] times = [.. oracle.TimesMs(Scenario.Key).TakeLast(20)];
        long[] sizes = [.. oracle.Entity.Features.Where(f => f.Window.SizeMs > 0).Select(f => f.Window.SizeMs)];
        for (int i = 0; i < 4 && times.Length > 0 && sizes.Length > 0; i++)
        {
            yield return times[random.Next(times.Length)] + sizes[random.Next(sizes.Length)] - random.Next(2);
        }
    }
}
