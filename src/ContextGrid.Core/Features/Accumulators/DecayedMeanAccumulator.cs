using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features.Accumulators;

/// <summary>
/// The mean of a column with weights that halve with each half-life of age, by forward decay (Cormode, Shkapenyuk,
/// Srivastava and Xu, "Forward decay", ICDE 2009): the weight of a row at time t is 2^(t / half-life), counted from the
/// Unix epoch, so it never changes. The large exponents go into the sums' bins as they are.
/// </summary>
internal sealed class DecayedMeanAccumulator(int column, long halfLifeMs) : Accumulator
{
    private BinnedSum _weights;
    private BinnedSum _products;

    /// <summary>Σwx / Σw; null without rows.</summary>
    public Value Mean
    {
        get
        {
            ScaledDouble weights = _weights.ToScaled();
            return weights.Fraction == 0
                ? Value.Null
                : Value.Of(_products.ToScaled().Over(weights).ToDouble());
        }
    }

    /// <inheritdoc/>
    public override void Add(in EventRow row)
    {
        ref readonly Value value = ref row.Columns[column];
        if (value.IsNull)
        {
            return;
        }

        long halfLives = Math.DivRem(row.TimeMs, halfLifeMs, out long rest);
        halfLives -= rest < 0 ? 1 : 0;
        rest += rest < 0 ? halfLifeMs : 0;
        ulong weight = DecayWeight.MantissaOf(rest / (double)halfLifeMs);
        long exponent = halfLives - 52;
        var parts = NumberParts.Of(value);
        _weights.Add(weight, exponent, negative: false);
        _products.Add(Math.BigMul(weight, parts.Mantissa), exponent + parts.Exponent, parts.Negative);
    }

    /// <inheritdoc/>
    public override void Merge(Accumulator other)
    {
        var mean = (DecayedMeanAccumulator)other;
        _weights.Merge(mean._weights);
        _products.Merge(mean._products);
    }

    /// <inheritdoc/>
    public override void Clear() => (_weights, _products) = (default, default);

    /// <inheritdoc/>
    public override void Write(SnapshotWriter writer)
    {
        _weights.Write(writer);
        _products.Write(writer);
    }

    /// <inheritdoc/>
    public override void Read(ref SnapshotReader reader)
    {
        _weights.Read(ref reader);
        _products.Read(ref reader);
    }
}
