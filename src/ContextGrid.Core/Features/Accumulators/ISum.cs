namespace ContextGrid.Core.Features.Accumulators;

/// <summary>What moments are computed from: the exact integer sum, or the reproducible sum of powers.</summary>
internal interface ISum
{
    /// <summary>Whether a non-null value was added.</summary>
    bool HasRows { get; }

    /// <summary>The sum as an exact number.</summary>
    void CopyTo(ref ExactNumber target);

    /// <summary>The sum, rounded once to the nearest double of any exponent.</summary>
    ScaledDouble ToScaled();

    /// <summary>
    /// The sum times <paramref name="factor"/> (1 to 1,000) over <paramref name="divisor"/> (1 to 2^63), rounded once
    /// to the nearest double, ties to even; infinite beyond the range.
    /// </summary>
    double Over(ulong divisor, ulong factor);
}
