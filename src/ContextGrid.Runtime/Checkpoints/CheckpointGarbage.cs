using System.Collections.Immutable;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>
/// Deletes what no checkpoint needs: of its own lineage what its owner's manifests no longer name, and of lineages that
/// have ended everything, when its owner has shard 0. A failure is not one of the checkpoint: what could not be deleted
/// is tried again.
/// </summary>
/// <remarks>
/// What is needed: what the two newest manifests of an owner name, and what the base of a shard names until its owner's
/// two newest manifests have the shard. A shard's segments go from a base into manifests and from there into the next
/// base. So what is to be deleted is chosen first, then the manifests are listed, then the ownership is read: whatever
/// is needed at the end is seen in one of the two. When a manifest is gone before it was read, nothing is deleted.
/// </remarks>
/// <param name="store">Where the blobs are.</param>
/// <param name="moves">Knows the ownership.</param>
/// <param name="own">The lineage of the owner.</param>
/// <param name="grace">How long a segment stays after the last manifest that names it.</param>
/// <param name="time">The clock for the grace.</param>
internal sealed class CheckpointGarbage(
    ISnapshotStore store, ShardMoves moves, long own, TimeSpan grace, TimeProvider time)
{
    private const int ManifestsKept = 3;
    private const int ManifestsWithSegments = 2;

    // What others need is looked at again only after so many publishes, and so is what lineages have left that ended.
    private const int PublishesBetweenSweeps = 32;

    // The ends of so many lineages are kept; an owner of an older one that wakes up misses its newest manifest.
    private const int SealsKept = 64;

    // Names of blobs, and since when nobody may need them.
    private readonly Dictionary<string, long> _candidates = new(StringComparer.Ordinal);
    private readonly HashSet<string> _neededByOthers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CheckpointManifest?> _manifests = new(StringComparer.Ordinal);
    private int _untilSweep;
    private int _holds;

    /// <summary>Keeps everything that is there until it is disposed of. May be called by any thread.</summary>
    public IDisposable Hold()
    {
        Interlocked.Increment(ref _holds);
        return new Held(this);
    }

    /// <summary>Names segments that may not be needed any more.</summary>
    public void Add(IEnumerable<SegmentInfo> segments)
    {
        foreach (SegmentInfo segment in segments)
        {
            _candidates.TryAdd(segment.Name, time.GetTimestamp());
        }
    }

    /// <summary>After a publish: deletes what is not needed and whose grace is over, and old manifests.</summary>
    /// <param name="newest">The newest manifest of the owner.</param>
    /// <param name="before">The one before.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask CollectAsync(
        CheckpointManifest newest, CheckpointManifest before, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _holds) > 0)
        {
            return;
        }

        try
        {
            bool sweeps = --_untilSweep < 0;
            if (sweeps)
            {
                _untilSweep = PublishesBetweenSweeps;
                _neededByOthers.Clear();
                await FindLeftAsync(cancellationToken);
            }

            foreach (SegmentInfo segment in newest.Segments.Concat(before.Segments))
            {
                _candidates.Remove(segment.Name);
            }

            await DeleteManifestsAsync(newest, cancellationToken);
            if (sweeps || _candidates.Keys.Any(IsRipe))
            {
                await DeleteAsync(newest, before, sweeps, cancellationToken);
            }
        }
        catch (Exception e) when (e is SnapshotStoreException or CheckpointCorruptException)
        {
            // The checkpoint is published all the same; the next one collects again.
        }
    }

    private bool IsRipe(string name) => !_neededByOthers.Contains(name)
        && (grace == TimeSpan.Zero || time.GetElapsedTime(_candidates[name]) >= grace);

    // Segments of its own are known to their owner; those of lineages that have ended are found by a list.
    private async ValueTask FindLeftAsync(CancellationToken cancellationToken)
    {
        if (moves.Newest.Shards[0].Owner != own)
        {
            return;
        }

        foreach (SnapshotBlobInfo blob in await store.ListAsync(SegmentName.Prefix, cancellationToken))
        {
            long lineage = SegmentName.BaseOf(blob.Name).Lineage;
            if (lineage != own && (lineage > 0 || SegmentName.IsOfVersion1(blob.Name)))
            {
                _candidates.TryAdd(blob.Name, time.GetTimestamp());
            }
        }
    }

    private async ValueTask DeleteManifestsAsync(CheckpointManifest newest, CancellationToken cancellationToken)
    {
        foreach (SnapshotBlobInfo blob in await store.ListAsync(
            CheckpointManifest.FolderOf(own), cancellationToken))
        {
            ShardBase name = CheckpointManifest.BaseOf(blob.Name);
            if (name.Generation > 0 && name.Generation <= newest.Generation - ManifestsKept
                && !IsBase(moves.Newest, name))
            {
                await store.DeleteAsync(blob.Name, cancellationToken);
            }
        }
    }

    private async ValueTask DeleteAsync(
        CheckpointManifest newest, CheckpointManifest before, bool sweeps, CancellationToken cancellationToken)
    {
        string[] ripe = [.. _candidates.Keys.Where(IsRipe)];
        string[] manifests =
        [
            .. (await store.ListAsync(CheckpointManifest.Prefix, cancellationToken)).Select(b => b.Name),
        ];
        Ownership ownership = await moves.ReadAsync(cancellationToken);
        if (!ownership.IsLive(own) || await NeededAsync(manifests, newest, before, ownership, cancellationToken)
            is not { } needed)
        {
            return;
        }

        foreach (string name in ripe)
        {
            long lineage = SegmentName.BaseOf(name).Lineage;
            if (needed.Contains(name))
            {
                _neededByOthers.Add(name);
            }
            else if (lineage == own || (ownership.Shards[0].Owner == own && !ownership.IsLive(lineage)))
            {
                await store.DeleteAsync(name, cancellationToken);
                _candidates.Remove(name);
            }
            else
            {
                _candidates.Remove(name); // Another owner collects it.
            }
        }

        if (sweeps && ownership.Shards[0].Owner == own)
        {
            await DeleteEndedAsync(manifests, ownership, cancellationToken);
        }
    }

    private async ValueTask DeleteEndedAsync(
        string[] manifests, Ownership ownership, CancellationToken cancellationToken)
    {
        foreach (IGrouping<long, string> lineage in manifests.GroupBy(m => CheckpointManifest.BaseOf(m).Lineage))
        {
            bool isKept = lineage.Key > ownership.LineagesUsed - SealsKept;
            string[] names = [.. lineage.OrderDescending(StringComparer.Ordinal)];
            foreach (string name in ownership.IsLive(lineage.Key) ? [] : names.AsEnumerable())
            {
                bool isOurs = lineage.Key > 0 || CheckpointManifest.IsOfVersion1(name);
                bool isEnd = lineage.Key > 0 && name == names[0] && isKept;
                if (isOurs && !isEnd && !IsBase(ownership, CheckpointManifest.BaseOf(name)))
                {
                    await store.DeleteAsync(name, cancellationToken);
                }
            }
        }
    }

    private static bool IsBase(Ownership ownership, ShardBase manifest) =>
        manifest.Lineage > 0 && ownership.Shards.Any(s => s.Base == manifest);

    /// <summary>The segments that are needed; null: a manifest is gone meanwhile, so nobody can tell.</summary>
    private async ValueTask<HashSet<string>?> NeededAsync(
        string[] manifests,
        CheckpointManifest newest,
        CheckpointManifest before,
        Ownership ownership,
        CancellationToken cancellationToken)
    {
        var read = new Dictionary<string, CheckpointManifest?>(StringComparer.Ordinal);
        Dictionary<long, CheckpointManifest[]> newestOf = new() { [own] = [newest, before] };
        foreach (long lineage in ownership.Owners.Select(o => o.Lineage)
            .Concat(ownership.Shards.Select(s => s.Owner)).Where(l => l > 0 && l != own).Distinct())
        {
            var found = new List<CheckpointManifest>();
            foreach (string name in manifests.Where(m => CheckpointManifest.BaseOf(m).Lineage == lineage)
                .OrderDescending(StringComparer.Ordinal))
            {
                if (found.Count < ManifestsWithSegments)
                {
                    if (!await ReadAsync(name, read, cancellationToken))
                    {
                        return null;
                    }

                    found.AddRange(read[name] is { IsSeal: false } manifest ? [manifest] : []);
                }
            }

            newestOf[lineage] = [.. found];
        }

        foreach (ShardBase start in BasesOf(ownership, newestOf))
        {
            if (!await ReadAsync(CheckpointManifest.NameOf(start.Lineage, start.Generation), read, cancellationToken))
            {
                return null;
            }
        }

        HashSet<string> needed =
        [
            .. newestOf.Values.SelectMany(m => m).Concat(read.Values.OfType<CheckpointManifest>())
                .SelectMany(m => m.Segments).Select(s => s.Name),
        ];
        _manifests.Clear();
        foreach ((string name, CheckpointManifest? manifest) in read)
        {
            _manifests[name] = manifest;
        }

        return needed;
    }

    // A base is needed until both of the owner's newest manifests have the shard: the newest alone may be damaged.
    private static IEnumerable<ShardBase> BasesOf(
        Ownership ownership, Dictionary<long, CheckpointManifest[]> newestOf)
    {
        var bases = new HashSet<ShardBase>();
        for (int shard = 0; shard < ownership.Shards.Length; shard++)
        {
            ShardRecord record = ownership.Shards[shard];
            CheckpointManifest[] newest = newestOf.GetValueOrDefault(record.Owner) ?? [];
            int having = newest.Count(m => m.Of(shard)?.Epoch == record.Epoch);
            if (record.Base.Lineage > 0 && having < ManifestsWithSegments)
            {
                bases.Add(record.Base);
            }
        }

        return bases;
    }

    /// <summary>Reads a manifest, once: manifests do not change. False: it is gone.</summary>
    private async ValueTask<bool> ReadAsync(
        string name, Dictionary<string, CheckpointManifest?> into, CancellationToken cancellationToken)
    {
        if (into.ContainsKey(name))
        {
            return true;
        }

        if (_manifests.TryGetValue(name, out CheckpointManifest? known))
        {
            into[name] = known;
            return true;
        }

        if (await store.GetAsync(name, cancellationToken) is not { } blob)
        {
            return false;
        }

        try
        {
            into[name] = ManifestCodec.Decode(name, blob.Content.Span);
        }
        catch (CheckpointCorruptException)
        {
            into[name] = null; // It is passed over at a start, too.
        }

        return true;
    }

    private sealed class Held(CheckpointGarbage garbage) : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
            {
                Interlocked.Decrement(ref garbage._holds);
            }
        }
    }
}
