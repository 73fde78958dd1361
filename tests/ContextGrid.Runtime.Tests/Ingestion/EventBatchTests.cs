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
    public void MoveNext_BadRecordWithAKnownKey_TellsTheKey()
    {
        _batch.Load(Batch(0, NowMs, """{"user_id":"u1","items":"three"}"""));
        Assert.Equal(["0 skipped u1"], Walk());
    }

    [Fact]
    public void MoveNext_RetriesAndConflicts_AreLeftOut()
    {
        _batch.Load(Batch(0, NowMs, Payment("a", "u1", 1), Payment("a", "u1", 1), Payment("a", "u1", 9)));
        Assert.Equal(["0 u1"], Walk());
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
    public void Load_WithAnEnd_StopsBeforeIt()
    {
        _batch.Load(Batch(5, NowMs, Payment("a", "u1", 1), Payment("b", "u2", 1), Payment("c", "u3", 1)), end: 7);
        Assert.Equal(["5 u1", "6 u2"], Walk());
    }

    private List<string> Walk()
    {
        var seen = new List<string>();
        while (_batch.MoveNext())
        {
            string key = _batch.TryGetKey(_source, out ReadOnlySpan<byte> utf8)
                ? " " + System.Text.Encoding.UTF8.GetString(utf8)
                : "";
            seen.Add($"{_batch.Current.Position.Offset}{(_batch.IsSkipped ? " skipped" : "")}{key}");
        }

        return seen;
    }
}
