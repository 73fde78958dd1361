namespace ContextGrid.Runtime.DeadLetters;

/// <summary>What has become of a dead letter.</summary>
public enum LetterState
{
    /// <summary>The offset has no letter, or it is no longer kept.</summary>
    None,

    /// <summary>Nobody has decided about it.</summary>
    Open,

    /// <summary>
    /// A retry has begun and its end is not known: the server was stopped or the log failed. The next retry or discard
    /// finds out whether the record is in the log.
    /// </summary>
    Retrying,

    /// <summary>Its record, edited or not, is in the log again.</summary>
    Retried,

    /// <summary>It was decided that it is not needed.</summary>
    Discarded,

    /// <summary>
    /// It is about the same record as an earlier letter, written again after a crash or a rebuild: the earlier one is
    /// the one to decide about.
    /// </summary>
    Same,
}

/// <summary>A set of states.</summary>
/// <param name="Bits">A bit for each value of <see cref="LetterState"/>.</param>
public readonly record struct LetterStates(int Bits)
{
    /// <summary>Letters that somebody has still to decide about.</summary>
    public static LetterStates Undecided { get; } = Of(LetterState.Open, LetterState.Retrying);

    /// <summary>The set of these states.</summary>
    public static LetterStates Of(params ReadOnlySpan<LetterState> states)
    {
        int bits = 0;
        foreach (LetterState state in states)
        {
            bits |= 1 << (int)state;
        }

        return new LetterStates(bits);
    }

    /// <summary>Whether a state is in the set.</summary>
    public bool Has(LetterState state) => (Bits & (1 << (int)state)) != 0;
}
