namespace ContextGrid.Runtime.DeadLetters;

/// <summary>Some dead letters, newest first, and what else there is.</summary>
/// <param name="Entries">The letters, without payloads.</param>
/// <param name="NextBefore">Where the next page goes on: the letters before this number were not looked at; null:
/// all were.</param>
/// <param name="Counts">How many letters are kept.</param>
public sealed record DeadLetterPage(
    IReadOnlyList<DeadLetterEntry> Entries, long? NextBefore, DeadLetterCounts Counts);

/// <summary>How many dead letters are kept. A record that was read again after a crash is counted once.</summary>
/// <param name="Open">Nobody has decided about them.</param>
/// <param name="Retrying">The end of their retry is not known.</param>
/// <param name="Retried">Their records are in the log again.</param>
/// <param name="Discarded">They are not needed.</param>
/// <param name="Untracked">Records of the topic that are older than the newest <see cref="LetterIndex.RecordsMax"/>:
/// they are kept, but neither listed nor retried.</param>
public readonly record struct DeadLetterCounts(
    long Open, long Retrying, long Retried, long Discarded, long Untracked)
{
    /// <summary>All letters whose state is known.</summary>
    public long Total => Open + Retrying + Retried + Discarded;
}
