using ContextGrid.Runtime.Checkpoints;
using ContextGrid.TestKit.Checkpoints;
using static ContextGrid.Runtime.Tests.Checkpoints.CheckpointFixture;

namespace ContextGrid.Runtime.Tests.Checkpoints;

/// <summary>
/// Runs open, checkpoints, merges and reopening with one fault at every single call of the store. What is recovered
/// must be exactly one of the states that were handed over, and none older than the last one that was called durable.
/// </summary>
public sealed class CheckpointCrashTests
{
    private const int Rounds = 9;
    private const int ReopenBefore = 5;

    [Theory]
    [InlineData(SnapshotFault.DeathBefore)]
    [InlineData(SnapshotFault.DeathAfter)]
    [InlineData(SnapshotFault.UnknownButDone)]
    [InlineData(SnapshotFault.UnknownNotDone)]
    [InlineData(SnapshotFault.Conflict)]
    [InlineData(SnapshotFault.Away)]
    public async Task Run_FaultAtEveryCall_RecoversAPublishedState(SnapshotFault fault)
    {
        int calls = 1, merges = 0;
        for (bool struck = true; struck; calls++)
        {
            var store = new FaultySnapshotStore { Fault = fault, FaultAt = calls };
            var run = new Run(store);
            await run.PlayAsync();
            struck = store.HasStruck;
            store.Revive();
            merges += run.Merges;
            await run.CheckAsync($"{fault} at call {calls}");
        }

        Assert.InRange(calls, 60, 1000);
        Assert.True(merges > calls, "The run is too short to merge.");
    }

    [Theory]
    [InlineData(SnapshotFault.DeathBefore)]
    [InlineData(SnapshotFault.DeathAfter)]
    public async Task Reopen_DeathWhileReopening_RecoversTheSame(SnapshotFault fault)
    {
        for (int call = 1, struck = 1; struck > 0; call++)
        {
            var store = new FaultySnapshotStore();
            var run = new Run(store);
            await run.PlayAsync();
            store.Fault = fault;
            store.FaultAt = store.Calls + call;
            try
            {
                await using CheckpointStore dying = await OpenAsync(store, "dying");
            }
            catch (SimulatedDeathException)
            {
                // The next opening finds what this one has left.
            }

            struck = store.HasStruck ? 1 : 0;
            store.Revive();
            await run.CheckAsync($"{fault} at call {call} of reopening");
        }
    }

    /// <summary>One process after another, and what they were told.</summary>
    private sealed class Run(FaultySnapshotStore store)
    {
        private readonly Dictionary<long, SortedDictionary<string, string>> _states =
            new() { [0] = new(StringComparer.Ordinal) };

        private SortedDictionary<string, string> _model = new(StringComparer.Ordinal);
        private CheckpointStore? _checkpoints;
        private long _durable;

        public int Merges { get; private set; }

        public async Task PlayAsync()
        {
            try
            {
                for (int round = 1; round <= Rounds; round++)
                {
                    if (_checkpoints is null || round == ReopenBefore)
                    {
                        _checkpoints = await ReopenAsync($"process {round}");
                    }

                    await PublishAsync(round);
                }
            }
            catch (SimulatedDeathException)
            {
                // Everything after it is for the next process.
            }
        }

        public async Task CheckAsync(string fault)
        {
            await using CheckpointStore next = await OpenAsync(store, "next");
            long position = next.Current.Content.Sources.IsEmpty ? 0 : next.Current.Content.Sources[0].NextOffset;
            Assert.True(position >= _durable, $"{fault}: position {position}, although {_durable} was durable");
            Assert.True(
                _states[position].SequenceEqual(await ReadAsync(next)),
                $"{fault}: not the state of position {position}");
            Assert.DoesNotContain(next.Recovered, r => r.Contains("corrupt", StringComparison.Ordinal));
            if (_checkpoints is not null)
            {
                await Assert.ThrowsAsync<OwnerFencedException>(
                    () => CheckpointFixture.PublishAsync(_checkpoints, 999, ("k1", "of an old owner")));
            }

            await CheckpointFixture.PublishAsync(next, 1000, ("k1", "last"));
            await using CheckpointStore reopened = await OpenAsync(store);
            Assert.Equal("last", (await ReadAsync(reopened))["user/k1"]);
            await CheckGarbageAsync(fault);
        }

        private async Task CheckGarbageAsync(string fault)
        {
            IReadOnlyList<SnapshotBlobInfo> blobs = await store.ListAsync("manifests/", CancellationToken.None);
            Assert.True(blobs.Count <= 20, $"{fault}: {blobs.Count} manifests are left");
            blobs = await store.ListAsync("segments/", CancellationToken.None);
            Assert.True(blobs.Count <= 12, $"{fault}: {blobs.Count} segments are left");
        }

        private async Task<CheckpointStore> ReopenAsync(string owner)
        {
            for (int attempt = 0; ; attempt++)
            {
                try
                {
                    CheckpointStore opened = await OpenAsync(store, owner);
                    _model = await ReadAsync(opened);
                    return opened;
                }
                catch (SnapshotStoreException) when (attempt < 3)
                {
                    // The store was away for one call.
                }
            }
        }

        private async Task PublishAsync(int round)
        {
            // The constructor's caller opens before it publishes.
            using CheckpointBuilder builder = _checkpoints!.BeginCheckpoint();
            for (int i = 0; i < 6; i++)
            {
                string key = $"k{((round * 5) + i) % 11}";
                builder.Add(key, $"round {round} {new string('x', i * 100)}");
                _model[$"user/{key}"] = $"round {round} {new string('x', i * 100)}";
            }

            builder.Delete($"k{round}");
            _model.Remove($"user/k{round}");
            _states[round] = new SortedDictionary<string, string>(_model, StringComparer.Ordinal);
            int before = _checkpoints.Current.Segments.Length;
            for (int attempt = 0; ; attempt++)
            {
                try
                {
                    await builder.PublishAsync(At(_checkpoints, round), CancellationToken.None);
                    _durable = round;
                    Merges += _checkpoints.Current.Segments.Length <= before ? 1 : 0;
                    return;
                }
                catch (SnapshotStoreException) when (attempt < 3)
                {
                    // A transient fault: the same call is repeated.
                }
            }
        }
    }
}
