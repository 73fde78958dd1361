namespace ContextGrid.Runtime.DeadLetters;

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
