using System.Numerics;
using ContextGrid.Core.Entities;

namespace ContextGrid.Runtime.Shards;

/// <summary>
/// The resident entities of one shard by key. A slot keeps its number as long as its entity is resident, so that lists
/// of changed entities and the hand of passivation can hold numbers. Only under the shard's gate.
/// </summary>
/// <remarks>
/// Linear hashing (Litwin, VLDB 1980) over blocks: each addition splits one chain and no array is ever copied, so an
/// addition takes less than a microsecond at any size. A table that doubles would hold up a shard of 100,000 entities
/// for milliseconds.
/// </remarks>
internal sealed class EntityMap
{
    private const int BlockBits = 10;
    private const int BlockMask = (1 << BlockBits) - 1;

    private Slot[]?[] _slots = [];
    private int[]?[] _buckets = [];
    private int _bucketCount;
    private int _free = -1;

    /// <summary>How many entities; read without the gate it may be a moment old.</summary>
    internal int Count { get; private set; }

    /// <summary>Slots from 0 to this one are or were in use.</summary>
    internal int SlotCount { get; private set; }

    /// <summary>A slot by its number.</summary>
    internal ref Slot this[int slot] => ref _slots[slot >> BlockBits]![slot & BlockMask]; // Blocks in use are filled.

    /// <summary>What an entity takes beside itself: its slot, its share of the chains, and its key.</summary>
    internal static int BytesOf(ReadOnlySpan<byte> key) => 40 + 8 + 24 + ((key.Length + 7) & ~7);

    /// <summary>The slot of a key; −1: it is not resident.</summary>
    internal int Find(ReadOnlySpan<byte> key, ulong hash)
    {
        if (_bucketCount == 0)
        {
            return -1;
        }

        for (int at = Bucket(BucketOf((uint)hash)) - 1; at >= 0;)
        {
            ref Slot slot = ref this[at];
            if (slot.Hash == (uint)hash && slot.Key.AsSpan().SequenceEqual(key))
            {
                return at;
            }

            at = slot.Next;
        }

        return -1;
    }

    /// <summary>Adds an entity that is not resident.</summary>
    /// <param name="key">Its key; kept.</param>
    /// <param name="hash">The key's hash.</param>
    /// <param name="entity">The entity.</param>
    /// <returns>Its slot.</returns>
    internal int Add(byte[] key, ulong hash, Entity entity)
    {
        if (Count >= _bucketCount)
        {
            Split();
        }

        int at = TakeSlot();
        ref int bucket = ref Bucket(BucketOf((uint)hash));
        this[at] = new Slot { Key = key, Entity = entity, Hash = (uint)hash, Next = bucket - 1 };
        bucket = at + 1;
        Count++;
        return at;
    }

    /// <summary>Takes an entity out; its slot is used again.</summary>
    internal void Remove(int at)
    {
        ref int bucket = ref Bucket(BucketOf(this[at].Hash));
        int before = -1;
        for (int i = bucket - 1; i != at; i = this[i].Next)
        {
            before = i;
        }

        if (before < 0)
        {
            bucket = this[at].Next + 1;
        }
        else
        {
            this[before].Next = this[at].Next;
        }

        this[at] = new Slot { Next = _free };
        _free = at;
        Count--;
    }

    private int TakeSlot()
    {
        if (_free >= 0)
        {
            int free = _free;
            _free = this[free].Next;
            return free;
        }

        Cover(ref _slots, SlotCount);
        return SlotCount++;
    }

    /// <summary>Adds a bucket, and moves what belongs there out of the one that it splits.</summary>
    private void Split()
    {
        int added = _bucketCount++;
        Cover(ref _buckets, added);
        if (added == 0)
        {
            return;
        }

        int mask = MaskOf(added);
        int at = Bucket(added & (mask >> 1)) - 1, stay = -1, move = -1;
        while (at >= 0)
        {
            ref Slot slot = ref this[at];
            int next = slot.Next;
            ref int chain = ref (slot.Hash & mask) == added ? ref move : ref stay;
            slot.Next = chain;
            chain = at;
            at = next;
        }

        Bucket(added & (mask >> 1)) = stay + 1;
        Bucket(added) = move + 1;
    }

    // Buckets hold a slot's number plus one, so that a new block is empty.
    private ref int Bucket(int bucket) => ref _buckets[bucket >> BlockBits]![bucket & BlockMask]; // As above.

    private int BucketOf(uint hash)
    {
        int mask = MaskOf(_bucketCount - 1);
        int bucket = (int)(hash & (uint)mask);
        return bucket < _bucketCount ? bucket : bucket & (mask >> 1);
    }

    // All ones, as many as the highest bucket has bits.
    private static int MaskOf(int highest) =>
        (int)((1UL << (32 - BitOperations.LeadingZeroCount((uint)highest))) - 1);

    private static void Cover<T>(ref T[]?[] blocks, int index)
    {
        int block = index >> BlockBits;
        if (block >= blocks.Length)
        {
            Array.Resize(ref blocks, Math.Max(4, block * 2));
        }

        blocks[block] ??= new T[1 << BlockBits];
    }

    /// <summary>A place for one entity.</summary>
    internal struct Slot
    {
        /// <summary>Its key; null: the slot is free.</summary>
        internal byte[]? Key;

        /// <summary>The entity; null: the slot is free.</summary>
        internal Entity? Entity;

        /// <summary>The low bits of the key's hash.</summary>
        internal uint Hash;

        /// <summary>The next slot of the chain, or of the free ones; −1: none.</summary>
        internal int Next;

        /// <summary>The checkpoint that wrote the entity last; 0: none since it became resident.</summary>
        internal int SavedIn;

        /// <summary>What the entity and its place count for, bytes.</summary>
        internal int Bytes;

        /// <summary>Whether it was used since the hand of passivation came by.</summary>
        internal bool IsRecent;
    }
}
