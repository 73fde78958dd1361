using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Queries;

/// <summary>Turns the categories of a window into a map: largest value first, null last, ties by category.</summary>
internal sealed class CategoryRanking
{
    // A comparer given to Sort would be boxed at every call.
    private static readonly Comparison<Entry> ByRank = Compare;

    private Entry[] _entries = new Entry[16];

    internal Value Rank(
        AggregateFeature feature,
        FeaturePlan plan,
        CategoryMap categories,
        in ResultContext context,
        Accumulator[] cells,
        ResultArena arena,
        ref bool approximate)
    {
        approximate |= categories.IsApproximate;
        if (categories.Count == 0)
        {
            return Value.Null;
        }

        if (_entries.Length < categories.Count)
        {
            _entries = new Entry[Math.Max(categories.Count, _entries.Length * 2)];
        }

        for (int i = 0; i < categories.Count; i++)
        {
            CategoryMap.Category category = categories[i];
            ReadOnlySpan<Accumulator> gathered = EntityReader.Gather(category.Cells, plan, cells, ref approximate);
            Value value = AggregateResult.Compute(feature.Aggregate, gathered, context, arena);
            _entries[i] = new Entry(Copy(category.Key, arena), value);
        }

        Span<Entry> ranked = _entries.AsSpan(0, categories.Count);
        ranked.Sort(ByRank);
        int count = feature.Top > 0 ? Math.Min(feature.Top, ranked.Length) : ranked.Length;
        (Value[] items, int start) = arena.TakeList(count * 2);
        for (int i = 0; i < count; i++)
        {
            items[start + (2 * i)] = ranked[i].Key;
            items[start + (2 * i) + 1] = ranked[i].Value;
        }

        return Value.Map(items, start, count * 2);
    }

    // The map's entries are reused by the next read, the answer's texts are not.
    private static Value Copy(in Value key, ResultArena arena) =>
        key.Kind == ValueKind.String ? arena.Text(key.Utf8) : key;

    private static int Compare(Entry x, Entry y)
    {
        bool ranked = IsNumber(x.Value) && IsNumber(y.Value);
        int order = ranked ? -ValueOrder.Compare(x.Value, y.Value) : x.Value.IsNull.CompareTo(y.Value.IsNull);
        return order != 0 ? order : ValueOrder.Compare(x.Key, y.Key);
    }

    private static bool IsNumber(in Value value) => value.Kind is ValueKind.Int64 or ValueKind.Double;

    private readonly record struct Entry(Value Key, Value Value);
}
