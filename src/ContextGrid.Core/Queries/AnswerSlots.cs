using ContextGrid.Core.Model;

namespace ContextGrid.Core.Queries;

/// <summary>Where one entity's answer goes: spans as long as the selection's names.</summary>
/// <param name="values">Takes the values; texts and lists are valid until the arena is reset.</param>
/// <param name="statuses">Takes the statuses.</param>
/// <param name="eventTimesMs">Takes the time of each feature's newest event; <see cref="EventTimes.None"/>: none.
/// </param>
/// <param name="notes">Takes notes: bit 0 = approximate, since more is in the window than is kept.</param>
public readonly ref struct AnswerSlots(
    Span<Value> values, Span<FeatureStatus> statuses, Span<long> eventTimesMs, Span<byte> notes)
{
    /// <summary>The values.</summary>
    public readonly Span<Value> Values = values;

    /// <summary>The statuses.</summary>
    public readonly Span<FeatureStatus> Statuses = statuses;

    /// <summary>The times, milliseconds since the Unix epoch.</summary>
    public readonly Span<long> EventTimesMs = eventTimesMs;

    /// <summary>The notes.</summary>
    public readonly Span<byte> Notes = notes;
}
