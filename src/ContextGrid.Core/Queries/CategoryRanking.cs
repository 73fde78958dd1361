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

        int most = categories.Count + CounterList.CountMax;
        if (_entries.Length < categories.Count || (categories.Rest is not null && _entries.Length < most))
        {
            _entries = new Entry[Math.Max(categories.Rest is null ? categories.Count : most, _entries.Length * 2)];
        }

        for (int i = 0; i < categories.Count; i++)
        {
            CategoryMap.Category category = categories[i];
            ReadOnlySpan<Accumulator> gathered = EntityReader.Gather(category.Cells, plan, cells);
            Value value = AggregateResult.Compute(feature.Aggregate, gathered, context, arena);
            approximate |= AggregateResult.IsApproximate(feature.Aggregate, gathered);
            _entries[i] = new Entry(category.Key, value);
        }

        int all = categories.Count;
        if (categories.Rest is { } rest && plan.Cells.Length == 1)
        {
            AddHeavy(feature, plan.Cells[0], rest, context, cells, arena, ref all);
        }

        Span<Entry> ranked = _entries.AsSpan(0, all);
        int count = feature.Top > 0 ? Math.Min(feature.Top, ranked.Length) : ranked.Length;
        SortFirst(ranked, count);
        (Value[] items, int start) = arena.TakeList(count * 2);
        for (int i = 0; i < count; i++)
        {
            items[start + (2 * i)] = Copy(ranked[i].Key, arena);
            items[start + (2 * i) + 1] = ranked[i].Value;
        }

        return Value.Map(items, start, count * 2);
    }

    /// <summary>Adds the categories beyond the cap whose estimate is above what may be from others.</summary>
    private void AddHeavy(
        AggregateFeature feature,
        int cell,
        CategoryRest rest,
        in ResultContext context,
        Accumulator[] cells,
        ResultArena arena,
        ref int all)
    {
        ReadOnlySpan<CounterList.Counter> names = rest.Names(cell);
        double errorMax = names.IsEmpty ? 0 : rest.Total(cell) * CategoryRest.ErrorMax;
        foreach (ref readonly CounterList.Counter name in names)
        {
            cells[0] = rest.Estimate(cell, name.Hash);
            if (CategoryRest.SizeOf(cells[0]) > errorMax)
            {
                Value value = AggregateResult.Compute(feature.Aggregate, cells.AsSpan(0, 1), context, arena);
                _entries[all++] = new Entry(name.Value.ToValue(arena), value);
            }
        }
    }

    /// <summary>Puts the first <paramref name="count"/> in order; what is after them stays in none.</summary>
    private static void SortFirst(Span<Entry> entries, int count)
    {
        if (count > entries.Length / 4)
        {
            entries.Sort(ByRank);
            return;
        }

        // Few of many: most are not before the last of the first.
        Span<Entry> first = entries[..count];
        first.Sort(ByRank);
        for (int i = count; i < entries.Length; i++)
        {
            Entry entry = entries[i];
            int place = count;
            while (place > 0 && Compare(entry, first[place - 1]) < 0)
            {
                place--;
            }

            if (place < count)
            {
                entries[i] = first[^1];
                first[place..^1].CopyTo(first[(place + 1)..]);
                first[place] = entry;
            }
        }
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
