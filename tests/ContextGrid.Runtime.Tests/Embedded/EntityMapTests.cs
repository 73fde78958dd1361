using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Shards;
using ContextGrid.Runtime.Tests.Ingestion;

namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>The map of resident entities against a dictionary.</summary>
public sealed class EntityMapTests
{
    private static readonly EntityPlan Plan = PlanCompiler.Compile(TestRecords.Definitions)[0];

    [Theory]
    [InlineData(1, 40, "few")]
    [InlineData(2, 900, "in one block")]
    [InlineData(3, 5_000, "over several blocks")]
    [InlineData(4, 5_000, "equal hashes")]
    [InlineData(5, 700, "one hash")]
    public void AddFindRemove_Random_EqualsADictionary(int seed, int most, string hashes)
    {
        var model = new Model(new Random(seed), hashes);

        // Mostly growing to the top, mostly shrinking to nothing, and up again through slots that are used again.
        foreach (int target in new[] { most, 0, most / 2, most / 4, most })
        {
            while (model.Count != target)
            {
                bool grows = model.Count < target;
                model.Step(grows ? 0.7 : 0.3);
            }

            model.CheckAll();
        }
    }

    [Fact]
    public void Find_NothingWasAdded_IsNotThere() => Assert.Equal(-1, new EntityMap().Find("u1"u8, 7));

    [Fact]
    public void Remove_OfEveryPlaceInAChain_LeavesTheOthers()
    {
        for (int removed = 0; removed < 5; removed++)
        {
            var map = new EntityMap();
            int[] slots = [.. Enumerable.Range(0, 5).Select(i => map.Add([(byte)i], 1UL << 40, new Entity(Plan)))];
            map.Remove(slots[removed]);
            for (int i = 0; i < 5; i++)
            {
                Assert.Equal(i == removed ? -1 : slots[i], map.Find([(byte)i], 1UL << 40));
            }
        }
    }

    /// <summary>The map and what it must hold.</summary>
    private sealed class Model(Random random, string hashes)
    {
        private readonly EntityMap _map = new();
        private readonly Dictionary<int, (int Slot, Entity Entity)> _expected = [];
        private readonly HashSet<int> _used = [];
        private readonly List<int> _live = [];
        private int _next;
        private int _most;

        internal int Count => _live.Count;

        internal void Step(double addShare)
        {
            if (_live.Count == 0 || random.NextDouble() < addShare)
            {
                Add(_next++);
            }
            else
            {
                Remove(random.Next(_live.Count));
            }

            CheckOne(random.Next(_next + 3));
        }

        internal void CheckAll()
        {
            Assert.Equal(_expected.Count, _map.Count);
            Assert.Equal(_most, _map.SlotCount); // A free slot is taken before a new one.
            for (int number = 0; number < _next; number++)
            {
                CheckOne(number);
            }

            int used = 0;
            for (int slot = 0; slot < _map.SlotCount; slot++)
            {
                used += _map[slot].Entity is null ? 0 : 1;
                Assert.Equal(_map[slot].Entity is null, _map[slot].Key is null);
            }

            Assert.Equal(_expected.Count, used);
        }

        private static byte[] KeyOf(int number) => BitConverter.GetBytes(number);

        private ulong HashOf(int number) => hashes switch
        {
            "one hash" => 42,
            "equal hashes" => ((ulong)number << 32) | (uint)(number % 97), // Only the low half tells places apart.
            _ => (ulong)number * 0x9E3779B97F4A7C15,
        };

        private void Add(int number)
        {
            var entity = new Entity(Plan);
            int slot = _map.Add(KeyOf(number), HashOf(number), entity);
            Assert.True(_used.Add(slot), $"slot {slot} is taken");
            Assert.Equal((0, 0, false), (_map[slot].SavedIn, _map[slot].Bytes, _map[slot].IsRecent));
            (_map[slot].SavedIn, _map[slot].IsRecent) = (number, true);
            _expected.Add(number, (slot, entity));
            _live.Add(number);
            _most = Math.Max(_most, _live.Count);
        }

        private void Remove(int place)
        {
            int number = _live[place];
            _live[place] = _live[^1];
            _live.RemoveAt(_live.Count - 1);
            _expected.Remove(number, out (int Slot, Entity Entity) was);
            _map.Remove(was.Slot);
            _used.Remove(was.Slot);
            Assert.Null(_map[was.Slot].Entity);
            Assert.Null(_map[was.Slot].Key);
        }

        private void CheckOne(int number)
        {
            bool isThere = _expected.TryGetValue(number, out (int Slot, Entity Entity) expected);
            int slot = _map.Find(KeyOf(number), HashOf(number));
            Assert.Equal(isThere ? expected.Slot : -1, slot);
            if (isThere)
            {
                Assert.Same(expected.Entity, _map[slot].Entity);
                Assert.Equal(KeyOf(number), _map[slot].Key);
                Assert.Equal(number, _map[slot].SavedIn);
            }
        }
    }
}
