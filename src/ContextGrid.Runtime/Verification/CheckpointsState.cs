using System.Collections.Immutable;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Verification;

/// <summary>What the check of the checkpoints has found.</summary>
/// <param name="Ownership">Who owns which shard; null: it is missing or can't be read.</param>
/// <param name="Manifests">Every manifest that is no seal, newest first, lineage by lineage.</param>
internal sealed record CheckpointsState(Ownership? Ownership, ImmutableArray<ManifestState> Manifests)
{
    /// <summary>Those that a start takes, one for each owner that has shards: of each the newest that can be read and
    /// whose segments have the right footers. Empty: a start is refused, or there is nothing to take.</summary>
    public ImmutableArray<ManifestState> Taken => Choose(m => m.IsWhole);

    /// <summary>The newest ones of which every byte is right. Empty: some shard has none.</summary>
    public ImmutableArray<ManifestState> Sound => Choose(m => m.IsSound);

    /// <summary>One manifest with the content of some; null: of none.</summary>
    public CheckpointManifest? SummaryOf(ImmutableArray<ManifestState> chosen)
    {
        LoadedBase[] bases =
        [
            .. chosen.Select(m => m.Manifest).OfType<CheckpointManifest>().Select(m => new LoadedBase(
                m, ShardSet.Of(m.Content.Shards.Select(s => s.Shard).Where(s => BaseOf(s, chosen) == m.Base)), [])),
        ];
        return bases.Length == 0 ? null : bases[0].Manifest with
        {
            Content = MergedContent.Of(bases, _ => 0),
            Segments = [.. bases.SelectMany(b => b.Entries)],
        };
    }

    private ImmutableArray<ManifestState> Choose(Func<ManifestState, bool> isGood)
    {
        ImmutableArray<ManifestState> good = [.. Manifests.Where(m => m.Manifest is not null && isGood(m))];
        if (Ownership is not { } ownership)
        {
            return [];
        }

        var bases = new HashSet<ShardBase>();
        for (int shard = 0; shard < ownership.Shards.Length; shard++)
        {
            ShardBase start = BaseOf(shard, good);
            bool begins = start.Lineage == 0 && ownership.Shards[shard].Base.Lineage == 0
                && !Manifests.Any(m => Lineage(m) == ownership.Shards[shard].Owner && !isGood(m));
            if (start.Lineage == 0 && !begins)
            {
                return [];
            }

            bases.Add(start);
        }

        return [.. good.Where(m => bases.Contains(CheckpointManifest.BaseOf(m.Name)))];
    }

    private ShardBase BaseOf(int shard, ImmutableArray<ManifestState> good)
    {
        if (Ownership is not { } ownership || shard >= ownership.Shards.Length)
        {
            return default;
        }

        ShardRecord record = ownership.Shards[shard];
        ManifestState? own = good.FirstOrDefault(m => Lineage(m) == record.Owner);
        return own?.Manifest?.Of(shard)?.Epoch == record.Epoch
            ? CheckpointManifest.BaseOf(own.Name)
            : good.Select(m => CheckpointManifest.BaseOf(m.Name)).FirstOrDefault(b => b == record.Base);
    }

    private static long Lineage(ManifestState manifest) => CheckpointManifest.BaseOf(manifest.Name).Lineage;
}

/// <summary>One manifest.</summary>
/// <param name="Name">Its blob's name.</param>
/// <param name="Manifest">What it says; null: it can't be read.</param>
/// <param name="Fault">Why it can't be read, or which segment is wrong; null: nothing.</param>
/// <param name="IsWhole">Whether a start takes it.</param>
/// <param name="IsSound">Whether all that it names is right to the last byte.</param>
internal sealed record ManifestState(
    string Name, CheckpointManifest? Manifest, CheckpointCorruptException? Fault, bool IsWhole, bool IsSound);
