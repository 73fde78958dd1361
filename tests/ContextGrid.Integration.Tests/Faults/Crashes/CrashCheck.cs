using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Integration.Tests.Retail;
using ContextGrid.TestKit.Logs;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Integration.Tests.Faults.Crashes;

/// <summary>Compares what was told with what is true. Each violation is a sentence.</summary>
/// <param name="truth">The log's files.</param>
/// <param name="ledger">What was told.</param>
/// <param name="definitions">The definitions, as data for the oracle.</param>
internal sealed class CrashCheck(CrashTruth truth, CrashLedger ledger, DefinitionSet definitions)
{
    /// <summary>Whether an entity that is being rebuilt may lack what its sources have.</summary>
    internal bool MayRebuild { get; init; }

    private readonly Dictionary<string, OracleEntity> _types = definitions.Entities.ToDictionary(
        e => e.Name, e => OracleDefinitions.Of(definitions, e.Name));

    /// <summary>What was acknowledged stands in the log, where the answer says; what nobody retries stands there
    /// once.</summary>
    internal IEnumerable<string> Acknowledgement(CrashAcknowledgement told)
    {
        foreach (CrashItem item in told.Batch.Items.Where(i => !i.IsPoison))
        {
            int copies = truth.CopiesOf(item.Json);
            bool isRight = told.Batch.Topic == CrashGrid.Ticks ? copies == 1 : copies > 0;
            if (!isRight)
            {
                yield return $"acknowledged, and {copies} times in the log: {item.Json}";
            }
        }

        string[] payloads = [.. told.Batch.Items.Where(i => !i.IsPoison).Select(i => i.Json)];
        foreach (SourcePosition position in told.Result.Positions)
        {
            if (!truth.StandsAt(position.Topic, position.Partition, position.Offset, payloads))
            {
                yield return $"acknowledged at {position}, where no event of that batch stands";
            }
        }

        int[] poison = [.. Enumerable.Range(0, told.Batch.Items.Count).Where(i => told.Batch.Items[i].IsPoison)];
        if (!poison.SequenceEqual(told.Result.Refused.Select(r => r.Index)))
        {
            yield return $"refused {told.Result.Refused}, expected those at {string.Join(", ", poison)}";
        }

        foreach (RefusedEvent refused in told.Result.Refused.Where(r => !IsAmongDeadLetters(told.Batch, r)))
        {
            yield return $"the dead letter of a refused event is lost: {refused}";
        }
    }

    /// <summary>
    /// An answer is exactly what the log's events say up to the positions that it names; and it reflects all that its
    /// sources say is applied, and all that was asked for.
    /// </summary>
    internal IEnumerable<string> Answer(CrashAnswer told) =>
        told.Entity.Degraded.Any(d => d.StartsWith("its values are missing", StringComparison.Ordinal))
            ? [] // It says that it is none.
            : Values(told);

    private IEnumerable<string> Values(CrashAnswer told)
    {
        EntityId id = told.Entity.Id;
        Dictionary<(string, int), long> reflected =
            told.Entity.Positions.ToDictionary(p => (p.Topic, p.Partition), p => p.Offset);
        IReadOnlyList<OracleEvent> events = truth.EventsOf(id);
        var oracle = new FeatureOracle(_types[id.Type]);
        foreach (OracleEvent e in events.Where(e => Reflects(reflected, e)))
        {
            oracle.Add(e);
        }

        foreach (string difference in ClientValues.Differences(
            oracle, id.Key, told.Entity, told.Entity.Head.ToUnixTimeMilliseconds()))
        {
            yield return $"wrong at its positions {told.Entity.Positions}: {difference}";
        }

        // An event whose id was taken is skipped at its entities, and they say so.
        RawRecord[] skipped =
        [
            .. truth.Conflicts.Where(c => c.Value.Contains($"\"{id.Key}\"", StringComparison.Ordinal)),
        ];
        foreach (SourcePosition p in told.Entity.Positions.Where(
            p => !events.Any(e => IsAt(e, p)) && !skipped.Any(s => IsAt(s, p))))
        {
            yield return $"{id} reflects {p}, where no event of it counts";
        }

        foreach ((string why, SourcePosition p) in Least(told))
        {
            OracleEvent? newest = events.LastOrDefault(e => IsUpTo(e, p));
            if (newest is not null && !Reflects(reflected, newest))
            {
                yield return $"{id} lacks offset {newest.Offset}, though {p} {why}";
            }
        }

        foreach (string sentence in told.Entity.Degraded.Where(d => skipped.Length == 0 || !IsOfSkipped(d)))
        {
            yield return $"{id} is degraded: {sentence}";
        }
    }

    /// <summary>The positions that an answer must reflect, and why.</summary>
    private IEnumerable<(string Why, SourcePosition Position)> Least(CrashAnswer told) =>

        // A silo's loss is told by the entity itself, also where its sources are applied further.
        MayRebuild && told.Entity[0].Status == FeatureStatus.Rebuilding ? [] :
    [
        .. told.After.Select(p => ("was asked for", p)),
        .. told.Sources.Select(s => ("is applied, says the same answer", new SourcePosition
        {
            Topic = s.Topic,
            Partition = s.Partition,
            Offset = s.AppliedOffset,
        })),
    ];

    /// <summary>Every event that could not be applied is among the dead letters, and nothing else is.</summary>
    internal IEnumerable<string> DeadLetters()
    {
        var conflicts = truth.Conflicts.ToDictionary(c => (c.Topic, c.Partition, c.Offset), c => c.Value);
        foreach (RawRecord letter in truth.DeadLetters)
        {
            (string, int, long) source = (
                letter.Headers["__connect.errors.topic"],
                int.Parse(letter.Headers["__connect.errors.partition"], null),
                long.Parse(letter.Headers["__connect.errors.offset"], null));
            bool isRight = source.Item2 < 0
                ? ledger.IsPoison(letter.Value)
                : conflicts.TryGetValue(source, out string? payload) && payload == letter.Value;
            if (!isRight)
            {
                yield return $"a dead letter of nothing: {source} {letter.Value}";
            }
        }

        HashSet<string> found = [.. truth.DeadLetters.Select(l => l.Value)];
        foreach (RawRecord lost in truth.Conflicts.Where(c => !found.Contains(c.Value)))
        {
            yield return $"the dead letter is lost of {lost.Topic}/{lost.Partition} {lost.Offset}: {lost.Value}";
        }
    }

    private bool IsAmongDeadLetters(CrashBatch batch, RefusedEvent refused) =>
        refused.DeadLetter is { } at
        && truth.StandsAt(at.Topic, at.Partition, at.Offset, [batch.Items[refused.Index].Json]);

    private static bool Reflects(Dictionary<(string, int), long> reflected, OracleEvent e) =>
        reflected.TryGetValue((e.Topic, e.Partition), out long offset) && e.Offset <= offset;

    private static bool IsOfSkipped(string sentence) => sentence.EndsWith(
        "could not be applied and are among the dead letters", StringComparison.Ordinal);

    private static bool IsAt(RawRecord r, SourcePosition p) =>
        r.Offset == p.Offset && r.Partition == p.Partition && r.Topic == p.Topic;

    private static bool IsAt(OracleEvent e, SourcePosition p) =>
        e.Offset == p.Offset && e.Partition == p.Partition && e.Topic == p.Topic;

    private static bool IsUpTo(OracleEvent e, SourcePosition p) =>
        e.Offset <= p.Offset && e.Partition == p.Partition && e.Topic == p.Topic;
}
