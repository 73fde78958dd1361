using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Features;

/// <summary>
/// Mergeable state of one aggregate over one set of rows (a tile, a category, a whole window during a read).
/// The content is a function of the set of rows, not of the order of <see cref="Add"/> and <see cref="Merge"/>, also
/// beyond every cap. Null inputs are skipped. Not thread-safe. After warm-up neither Add, Merge nor Clear allocates.
/// </summary>
public abstract class Accumulator
{
    /// <summary>Takes one row into account.</summary>
    public abstract void Add(in EventRow row);

    /// <summary>
    /// Takes all rows of <paramref name="other"/>, which has an equal spec, into account; it stays as it is.
    /// </summary>
    public abstract void Merge(Accumulator other);

    /// <summary>Forgets all rows and keeps buffers.</summary>
    public abstract void Clear();

    /// <summary>
    /// Whether the rows are more than are kept as they are, so that the result is an estimate within the documented
    /// bound.
    /// </summary>
    public virtual bool IsApproximate => false;

    /// <summary>How many values are kept, for an estimate of the memory (<c>AccumulatorBytes</c>).</summary>
    internal virtual long KeptCount => 1;

    /// <summary>Writes the content in canonical form: equal sets of rows give equal bytes.</summary>
    public abstract void Write(SnapshotWriter writer);

    /// <summary>Replaces the content by what <see cref="Write"/> wrote.</summary>
    /// <exception cref="SnapshotFormatException">The bytes are not of this form.</exception>
    public abstract void Read(ref SnapshotReader reader);
}
