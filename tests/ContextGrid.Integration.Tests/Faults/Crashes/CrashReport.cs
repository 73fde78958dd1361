using System.Globalization;
using System.Text.Json;

namespace ContextGrid.Integration.Tests.Faults.Crashes;

/// <summary>What a run has seen.</summary>
internal sealed record CrashReport
{
    internal required int Seed { get; init; }

    internal required int Kills { get; init; }

    internal required IReadOnlyDictionary<CrashMoment, int> ByMoment { get; init; }

    internal required long EventsAcknowledged { get; init; }

    internal required long Records { get; init; }

    internal required long Retries { get; init; }

    internal required long Conflicts { get; init; }

    internal required long DeadLetters { get; init; }

    internal required long Answers { get; init; }

    internal required long AnswersChecked { get; init; }

    internal long WatchChanges { get; init; }

    internal long Entities { get; init; }

    internal required double Seconds { get; init; }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Kills} kills in {Seconds:F0} s, seed {Seed}: {EventsAcknowledged:N0} events acknowledged, none lost, none "
        + $"counted twice; {Retries:N0} retries, {Conflicts:N0} id conflicts, {DeadLetters:N0} dead letters; "
        + $"{AnswersChecked:N0} of {Answers:N0} answers and {WatchChanges:N0} changes of watches checked against the "
        + $"oracle; {Entities:N0} entities compared at the end");

    internal string ToJson() => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["kills"] = Kills,
        ["seed"] = Seed,
        ["seconds"] = Math.Round(Seconds),
        ["by_moment"] = ByMoment.ToDictionary(m => m.Key.ToString(), m => m.Value),
        ["events_acknowledged"] = EventsAcknowledged,
        ["records"] = Records,
        ["retries"] = Retries,
        ["id_conflicts"] = Conflicts,
        ["dead_letters"] = DeadLetters,
        ["answers"] = Answers,
        ["answers_checked"] = AnswersChecked,
        ["watch_changes"] = WatchChanges,
        ["entities_compared"] = Entities,
        ["violations"] = 0,
    });
}
