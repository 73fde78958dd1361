using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>Computes the value of an aggregate from its state.</summary>
public static class AggregateResult
{
    private const ulong MsPerSecond = 1_000;

    /// <summary>
    /// The aggregate's value; without rows its documented empty value. Never NaN or infinite. No allocation once
    /// <paramref name="arena"/> fits.
    /// </summary>
    /// <param name="call">The aggregate.</param>
    /// <param name="cells">Accumulators of the specs of <see cref="AggregateState.Required"/>, in that order.</param>
    /// <param name="context">Head, window and input type.</param>
    /// <param name="arena">Where texts and lists of the result live, until it is reset.</param>
    public static Value Compute(
        AggregateCall call, ReadOnlySpan<Accumulator> cells, in ResultContext context, ResultArena arena) =>
        call.Kind switch
        {
            AggregateKind.Count => Value.Of(Count(cells)),
            AggregateKind.Sum => Sum(cells[0]),
            AggregateKind.Rate => Rate(cells[0], context.WindowSizeMs),
            AggregateKind.Avg => Moments.Mean(Count(cells), (ISum)cells[1]),
            AggregateKind.Variance => Moments.Variance(Count(cells), (ISum)cells[1], (ISum)cells[2]),
            AggregateKind.Stddev => Moments.Deviation(Count(cells), (ISum)cells[1], (ISum)cells[2]),
            AggregateKind.Skew =>
                Moments.Skew(Count(cells), (ISum)cells[1], (ISum)cells[2], (ISum)cells[3]),
            AggregateKind.Kurtosis =>
                Moments.Kurtosis(Count(cells), (ISum)cells[1], (ISum)cells[2], (ISum)cells[3], (ISum)cells[4]),
            AggregateKind.SinceLast => SinceLast(cells, context),
            AggregateKind.Delta => Delta(cells, context, arena),
            AggregateKind.Distinct => Value.Of(((DistinctAccumulator)cells[0]).Count),
            AggregateKind.DistinctExact => Value.Of((long)((DistinctExactAccumulator)cells[0]).Count),
            AggregateKind.Quantile => ((QuantileAccumulator)cells[0]).Quantile(call.Quantile),
            AggregateKind.MostFrequent => ((FrequentAccumulator)cells[0]).MostFrequent(call.N, arena),
            AggregateKind.Ewma => ((DecayedMeanAccumulator)cells[0]).Mean,
            AggregateKind.FirstN or AggregateKind.LastN when call.N == 1 => Single(cells[0], arena),
            _ => ((IKeptResult)cells[0]).ToValue(arena),
        };

    /// <summary>
    /// Whether the value of <see cref="Compute"/> is an estimate, because there were more rows than are kept as they
    /// are.
    /// </summary>
    /// <param name="call">The aggregate.</param>
    /// <param name="cells">As for <see cref="Compute"/>.</param>
    public static bool IsApproximate(AggregateCall call, ReadOnlySpan<Accumulator> cells)
    {
        if (call.Kind == AggregateKind.Quantile)
        {
            return ((QuantileAccumulator)cells[0]).IsApproximateAt(call.Quantile);
        }

        foreach (Accumulator cell in cells)
        {
            if (cell.IsApproximate)
            {
                return true;
            }
        }

        return false;
    }

    private static long Count(ReadOnlySpan<Accumulator> cells) => ((CountAccumulator)cells[0]).Count;

    /// <summary>The state of one first or last value is not a list; first_n and last_n of one are.</summary>
    private static Value Single(Accumulator cell, ResultArena arena)
    {
        Value value = ((IKeptResult)cell).ToValue(arena);
        if (value.IsNull)
        {
            return value;
        }

        (Value[] items, int start) = arena.TakeList(1);
        items[start] = value;
        return Value.List(items, start, 1);
    }

    private static Value Sum(Accumulator cell)
    {
        if (cell is IntegerSumAccumulator integers)
        {
            Int128 sum = integers.Sum;
            bool fits = integers.HasRows && sum >= long.MinValue && sum <= long.MaxValue;
            return fits ? Value.Of((long)sum) : Value.Null;
        }

        return ((ISum)cell).HasRows ? Value.Of(((ISum)cell).ToScaled().ToDouble()) : Value.Null;
    }

    private static Value Rate(Accumulator cell, long windowSizeMs)
    {
        if (windowSizeMs <= 0)
        {
            return Value.Null;
        }

        double rate = cell is CountAccumulator count
            ? Limbs64.Quotient([(ulong)count.Count, 0], 0, MsPerSecond, (ulong)windowSizeMs)
            : ((ISum)cell).Over((ulong)windowSizeMs, MsPerSecond);
        return Value.Of(rate);
    }

    // Of a category the cell knows its newest event, else the context that of the whole window.
    private static Value SinceLast(ReadOnlySpan<Accumulator> cells, in ResultContext context)
    {
        long newestMs = cells.IsEmpty ? context.NewestMatchMs : ((NewestTimeAccumulator)cells[0]).TimeMs;
        return newestMs == long.MinValue
            ? Value.Null
            : Value.Of((double)((Int128)context.HeadMs - newestMs) / 1000.0);
    }

    private static Value Delta(ReadOnlySpan<Accumulator> cells, in ResultContext context, ResultArena arena)
    {
        Value earliest = ((EndAccumulator)cells[0]).ToValue(arena);
        Value latest = ((EndAccumulator)cells[1]).ToValue(arena);
        if (earliest.IsNull || latest.IsNull)
        {
            return Value.Null;
        }

        if (context.InputKind == ValueKind.Double)
        {
            return Value.Of(latest.Double - earliest.Double);
        }

        Int128 difference = (Int128)latest.Int64 - earliest.Int64;
        return difference >= long.MinValue && difference <= long.MaxValue
            ? Value.Of((long)difference)
            : Value.Null;
    }
}
