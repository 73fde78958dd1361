using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Ingestion;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.Ingestion;

public sealed class EventBatchTests
{
    private readonly EventBatch _batch = new(Definitions, 0, Partition);
    private readonly EntitySource _source = Definitions.Entities[0].Sources[0];

    [Fact]
    public void MoveNext_GoodAndBadRecords_PassesAllAndBuriesTheBadOnes()
    {
        _batch.Load(Batch(40, NowMs, Payment("a", "u1", 1), "{", Payment("b", "u2", 2)));
        Assert.Equal(["40 u1", "41 skipped", "42 u2"], Walk());
        DeadLetter letter = Assert.Single(_batch.DeadLetters);
        Assert.Equal((Partition, 41, "invalid_json"), (letter.Source, letter.Offset, letter.Reason));
        Assert.Equal("{"u8.ToArray(), letter.Value.ToArray());
        Assert.Equal((2, 0, 0), (_batch.Events, _batch.Duplicates, _batch.Conflicts));
    }

    [Fact]
    public void MoveNext_Tombstone_IsCountedAndPassedOverUnlessTheDefinitionWantsALetter()
    {
        LogBatch records = Batch(40, NowMs, Payment("a", "u1", 1));
        records.Add(records[0] with { Offset = 41, ValueLength = 0, IsTombstone = true });
        records.Add(records[0] with { Offset = 42 });
        records.Add(records[0] with { Offset = 43, ValueLength = 0 });
        _batch.Load(records);
        Assert.Equal(["40 u1", "43 skipped"], Walk());
        Assert.Equal((1, 1, 1), (_batch.Tombstones, _batch.Duplicates, _batch.DeadLetters.Count));

        var strict = new DefinitionSet(
            [Definitions.Events[0] with { Tombstone = TombstoneRule.DeadLetter }], Definitions.Entities);
        var batch = new EventBatch(strict, 0, Partition);
        batch.Load(records);
        batch.SkipAll();
        DeadLetter letter = batch.DeadLetters[0];
        Assert.Equal((41, "tombstone", 0), (letter.Offset, letter.Reason, letter.Value.Length));
    }

    [Fact]
    public void MoveNext_BadRecordWithAKnownKey_TellsTheKey()
    {
        _batch.Load(Batch(0, NowMs, """{"user_id":"u1","items":"three"}"""));
        Assert.Equal(["0 skipped u1"], Walk());
    }

    [Fact]
    public void MoveNext_RetriesAndConflicts_DoNotCountAndAConflictIsToldToItsEntity()
    {
        _batch.Load(Batch(0, NowMs, Payment("a", "u1", 1), Payment("a", "u1", 1), Payment("a", "u2", 9)));
        Assert.Equal(["0 u1", "2 skipped u2"], Walk());
        Assert.Equal((1, 1, 1), (_batch.Events, _batch.Duplicates, _batch.Conflicts));
        DeadLetter letter = Assert.Single(_batch.DeadLetters);
        Assert.Equal((2, "id_conflict"), (letter.Offset, letter.Reason));

        _batch.Load(Batch(3, NowMs + 1000, Payment("a", "u1", 1), Payment("b", "u1", 1)));
        Assert.Equal(["4 u1"], Walk());
        Assert.Empty(_batch.DeadLetters);
    }

    [Fact]
    public void MoveNext_RecordsWithoutId_AllCount()
    {
        const string NoId = """{"user_id":"u1","items":1}""";
        _batch.Load(Batch(0, NowMs, NoId, NoId, """{"payment_id":null,"user_id":"u1"}"""));
        Assert.Equal(["0 u1", "1 u1", "2 u1"], Walk());
    }

    [Fact]
    public void MoveNext_EmptyIds_AreNoIdsAndAllCount()
    {
        _batch.Load(Batch(0, NowMs, Payment("", "u1", 1), Payment("", "u1", 1), Payment("", "u2", 9)));
        Assert.Equal(["0 u1", "1 u1", "2 u2"], Walk());
        Assert.Empty(_batch.DeadLetters);
    }

    [Fact]
    public void MoveNext_IdsPerKey_AreJudgedWithinTheirKey()
    {
        DefinitionSet set = TestRecords.Read("{field: payment_id, per: key}");
        var batch = new EventBatch(set, 0, Partition);
        batch.Load(Batch(
            0, NowMs, Payment("1", "u1", 1), Payment("1", "u2", 1), Payment("1", "u1", 1), Payment("1", "u2", 9)));
        Assert.Equal(["0 u1", "1 u2", "3 skipped u2"], Walk(batch));
        Assert.Equal((1, 1), (batch.Duplicates, batch.Conflicts));
        Assert.Contains("for its key", Assert.Single(batch.DeadLetters).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MoveNext_IdOfAnotherPartition_CountsAndIsNoticed()
    {
        var ids = new TopicIds(600_000);
        var one = new EventBatch(Definitions, 0, Partition) { TopicIds = ids };
        var other = new EventBatch(Definitions, 0, Partition with { Partition = 1 }) { TopicIds = ids };
        one.Load(Batch(0, NowMs, Payment("a", "u1", 1), Payment("a", "u1", 1), Payment("", "u1", 1)));
        one.SkipAll();
        other.Load(Batch(0, NowMs + 1_000, Payment("a", "u1", 1), Payment("b", "u1", 1), Payment("", "u1", 1)));
        Assert.Equal(["0 u1", "1 u1", "2 u1"], Walk(other));
        Assert.Equal((0, 1), (one.Elsewhere, other.Elsewhere));

        one.Load(Batch(3, NowMs + 700_000, Payment("a", "u1", 1)));
        one.SkipAll();
        Assert.Equal(0, one.Elsewhere);
    }

    [Fact]
    public void Load_WithAnEnd_StopsBeforeIt()
    {
        _batch.Load(Batch(5, NowMs, Payment("a", "u1", 1), Payment("b", "u2", 1), Payment("c", "u3", 1)), end: 7);
        Assert.Equal(["5 u1", "6 u2"], Walk());
    }

    private List<string> Walk() => Walk(_batch);

    private List<string> Walk(EventBatch batch)
    {
        var seen = new List<string>();
        while (batch.MoveNext())
        {
            string key = batch.TryGetKey(_source, out ReadOnlySpan<byte> utf8)
                ? " " + System.Text.Encoding.UTF8.GetString(utf8)
                : "";
            seen.Add($"{batch.Current.Position.Offset}{(batch.IsSkipped ? " skipped" : "")}{key}");
        }

        return seen;
    }
}
