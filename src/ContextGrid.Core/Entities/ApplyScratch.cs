using ContextGrid.Core.Expressions;
using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Entities;

/// <summary>Buffers that applying an event needs, reused by one thread for all entities of one plan.</summary>
public sealed class ApplyScratch
{
    private byte[] _row = [];

    /// <summary>Creates scratch for entities of a plan.</summary>
    public ApplyScratch(EntityPlan plan)
    {
        Columns = new Value[plan.ColumnCountMax];
        Predicates = new byte[(plan.PredicateCountMax + 7) / 8];
    }

    internal ExpressionScratch Texts { get; } = new();

    internal Value[] Columns { get; }

    internal byte[] Predicates { get; }

    /// <summary>Encodes a row; the bytes are valid until the next call.</summary>
    internal ReadOnlySpan<byte> EncodeRow(EventPlan plan, in EventRow row, ReadOnlySpan<byte> predicates)
    {
        int length = RowCodec.Encode(plan, row, predicates, ref _row);
        return _row.AsSpan(0, length);
    }
}
