using System.Collections.Immutable;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>Makes one content of those of several checkpoints, each of which has some of the shards. Pure.</summary>
internal static class MergedContent
{
    /// <summary>What comes before a type's name in the counter of its entities.</summary>
    internal const string EntitiesPrefix = "entities.";

    // A shard for which a source has not begun.
    private const long NotBegun = -1;

    /// <summary>
    /// Merges: of each source the smallest next offset of a shard and all gaps; all definitions, where different hashes
    /// of a type become 0, which fits none; counters of entities added, of others the largest.
    /// </summary>
    /// <param name="bases">The checkpoints, and the shards that are taken from each.</param>
    /// <param name="epochOf">The epoch that a shard gets.</param>
    internal static CheckpointContent Of(IReadOnlyList<LoadedBase> bases, Func<int, long> epochOf)
    {
        CheckpointContent[] contents = [.. bases.Select(b => b.Manifest.Content)];
        (string, int)[] sources = [.. contents.SelectMany(c => c.Sources).Select(NameOf).Distinct()];
        ImmutableSortedDictionary<string, ulong> hashes = Hashes(contents);
        var shards = new SortedDictionary<int, ShardContent>();
        foreach (LoadedBase from in bases)
        {
            foreach (ShardContent shard in Shards(from, sources, [.. hashes.Keys]))
            {
                shards.Add(shard.Shard, shard with { Epoch = epochOf(shard.Shard) });
            }
        }

        return new CheckpointContent
        {
            Sources = [.. sources.Select((name, i) => Source(name, i, contents, shards.Values))],
            DefinitionVersion = contents.Select(c => c.DefinitionVersion).DefaultIfEmpty(0).Max(),
            DefinitionHashes = hashes,
            Counters = Counters(bases),
            Shards = [.. shards.Values],
        };
    }

    private static (string Topic, int Partition) NameOf(SourceProgress source) => (source.Topic, source.Partition);

    private static ImmutableSortedDictionary<string, ulong> Hashes(CheckpointContent[] contents)
    {
        var hashes = ImmutableSortedDictionary.CreateBuilder<string, ulong>(StringComparer.Ordinal);
        foreach ((string type, ulong hash) in contents.SelectMany(c => c.DefinitionHashes))
        {
            hashes[type] = hashes.TryGetValue(type, out ulong other) && other != hash ? 0 : hash;
        }

        return hashes.ToImmutable();
    }

    private static SourceProgress Source(
        (string Topic, int Partition) name,
        int index,
        CheckpointContent[] contents,
        IEnumerable<ShardContent> shards)
    {
        SourceProgress[] all = [.. contents.SelectMany(c => c.Sources).Where(s => NameOf(s) == name)];
        long next = shards.Select(s => s.Next[index]).Where(n => n >= 0)
            .DefaultIfEmpty(all.Min(s => s.NextOffset)).Min();
        OffsetGap[] gaps =
        [
            .. all.SelectMany(s => s.Gaps.IsDefault ? [] : s.Gaps.AsEnumerable()).Distinct().OrderBy(g => g.First),
        ];
        return new SourceProgress(name.Topic, name.Partition, next, [.. gaps.TakeLast(CheckpointContent.GapsMax)]);
    }

    private static IEnumerable<ShardContent> Shards(LoadedBase from, (string, int)[] sources, string[] types)
    {
        CheckpointContent content = from.Manifest.Content;
        int[] sourceOf = [.. sources.Select(s => content.Sources.Select(NameOf).ToList().IndexOf(s))];
        int[] typeOf = [.. types.Select(t => content.DefinitionHashes.Keys.ToList().IndexOf(t))];
        var vectors = new Dictionary<ImmutableArray<long>, ImmutableArray<long>>();
        foreach (int shard in from.Shards.Shards())
        {
            ShardContent of = from.Manifest.Of(shard) ?? new ShardContent(shard, 0, [], []);
            if (!vectors.TryGetValue(of.Next, out ImmutableArray<long> next))
            {
                vectors[of.Next] = next = [.. sourceOf.Select(i => At(of.Next, i, NotBegun))];
            }

            yield return of with { Next = next, Entities = [.. typeOf.Select(i => At(of.Entities, i, 0))] };
        }
    }

    private static long At(ImmutableArray<long> numbers, int index, long otherwise) =>
        index >= 0 && index < numbers.Length ? numbers[index] : otherwise;

    private static ImmutableSortedDictionary<string, long> Counters(IReadOnlyList<LoadedBase> bases)
    {
        var counters = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        foreach (LoadedBase from in bases)
        {
            CheckpointContent content = from.Manifest.Content;
            foreach ((string name, long value) in content.Counters)
            {
                bool isOfEntities = name.StartsWith(EntitiesPrefix, StringComparison.Ordinal);
                long before = counters.GetValueOrDefault(name, isOfEntities ? 0 : long.MinValue);
                counters[name] = isOfEntities ? before + EntitiesOf(from, name, value) : Math.Max(before, value);
            }
        }

        return counters.ToImmutable();
    }

    private static long EntitiesOf(LoadedBase from, string counter, long all)
    {
        CheckpointContent content = from.Manifest.Content;
        if (content.Shards.All(s => from.Shards.Contains(s.Shard)))
        {
            return all;
        }

        int type = content.DefinitionHashes.Keys.ToList().IndexOf(counter[EntitiesPrefix.Length..]);
        return content.Shards.Where(s => from.Shards.Contains(s.Shard)).Sum(s => At(s.Entities, type, 0));
    }
}
