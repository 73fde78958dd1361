using ContextGrid.Runtime.Ingestion;
using Microsoft.Extensions.Time.Testing;

namespace ContextGrid.Runtime.Tests.Ingestion;

/// <summary>What a publish learns of its events' ids: exactly what was applied, and otherwise nothing.</summary>
public sealed class IdVerdictsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly PartitionProgress _progress = new(new TopicPartition("payments", 0), 0, next: 0, []);
    private readonly IdVerdicts _verdicts;
    private readonly PartitionVerdicts _partition;

    public IdVerdictsTests()
    {
        _verdicts = new IdVerdicts([_progress], _time);
        _partition = _verdicts.Begin(_progress.Partition, 0);
    }

    [Fact]
    public async Task Count_AppliedRecords_AreCountedAndOthersAreNot()
    {
        _partition.Note(1, IdVerdict.Duplicate, isElsewhere: false);
        _partition.Note(2, IdVerdict.Conflict, isElsewhere: true);
        _partition.Note(3, IdVerdict.New, isElsewhere: true);
        _partition.Note(4, IdVerdict.New, isElsewhere: false);
        _partition.Note(5, IdVerdict.Duplicate, isElsewhere: false);
        _progress.Advance(6, 6, 0);
        Assert.Equal(new IdTally(1, 1, 1), await CountAsync(0, 1, 2, 4));
        Assert.Equal(new IdTally(1, 0, 1), await CountAsync(3, 5));
        Assert.Equal(new IdTally(0, 0, 0), await CountAsync(4));
    }

    [Fact]
    public async Task Count_AppliedWhileWaiting_IsKnown()
    {
        Task<IdTally?> counting = CountAsync(0);
        Assert.False(counting.IsCompleted);
        _partition.Note(0, IdVerdict.Duplicate, isElsewhere: false);
        _progress.Advance(1, 1, 0);
        Assert.Equal(new IdTally(1, 0, 0), await counting.WaitAsync(Limit));
    }

    [Fact]
    public async Task Count_PartitionIsBehind_IsNotKnownAndTheNextOneDoesNotWait()
    {
        Task<IdTally?> counting = CountAsync(7);
        _time.Advance(IdVerdicts.WaitMax);
        Assert.Null(await counting.WaitAsync(Limit));
        Task<IdTally?> next = CountAsync(8);
        Assert.True(next.IsCompleted);
        Assert.Null(await next);

        _progress.Advance(9, 9, 0);
        Assert.Equal(new IdTally(0, 0, 0), await CountAsync(8));
    }

    [Fact]
    public async Task Count_PartitionIsReadElsewhere_IsNotKnown() =>
        Assert.Null(await _verdicts.CountAsync("payments", new RecordPosition[] { new(1, 0) }, default));

    [Fact]
    public async Task Count_ForgottenRecords_AreNotKnown()
    {
        for (int i = 0; i <= IdVerdicts.CountMax; i++)
        {
            _partition.Note(i, IdVerdict.Duplicate, isElsewhere: false);
        }

        _progress.Advance(IdVerdicts.CountMax + 1, IdVerdicts.CountMax + 1, 0);
        Assert.Null(await CountAsync(0));
        Assert.Equal(new IdTally(2, 0, 0), await CountAsync(1, IdVerdicts.CountMax));
        Assert.Equal((null, IdVerdict.Duplicate), (_verdicts.Of(_progress.Partition, 0), _partition.Of(1)));
    }

    private async Task<IdTally?> CountAsync(params long[] offsets) => await _verdicts.CountAsync(
        "payments", offsets.Select(o => new RecordPosition(0, o)).ToArray(), CancellationToken.None);
}
