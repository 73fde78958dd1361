using ContextGrid.Contracts.V1;

namespace ContextGrid.Client.Tests;

public sealed class EntityResultTests
{
    [Fact]
    public void Times_AtAndBeforeTheEpoch_AreTimes()
    {
        EntityContext entity = Of(-5);
        entity.NewestEventMs = 0;
        entity.EventTimesMs.Add([0, -5, EntityContext.NoEventMs]);

        EntityResult result = Assert.Single(Answer(entity).Entities);

        Assert.Equal((DateTimeOffset.UnixEpoch, true), (result.NewestEvent, result.IsKnown));
        Assert.Equal([DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddMilliseconds(-5), null],
            result.Select(f => f.EventTime));
        Assert.Equal([TimeSpan.FromMilliseconds(-5), TimeSpan.Zero, null], result.Select(f => f.Age));
    }

    [Fact]
    public void Times_OfAnEntityThatWasNeverSeen_AreNone()
    {
        EntityResult result = Assert.Single(Answer(Of(7)).Entities);

        Assert.Equal((null, false), (result.NewestEvent, result.IsKnown));
        Assert.All(result, f => Assert.Equal((null, null), (f.EventTime, f.Age)));
    }

    private static EntityContext Of(long headMs)
    {
        var entity = new EntityContext { Key = "k", HeadMs = headMs };
        entity.Values.Add([new Value(), new Value(), new Value()]);
        entity.Statuses.Add([FeatureStatus.Null, FeatureStatus.Null, FeatureStatus.NeverSeen]);
        return entity;
    }

    private static ContextResult Answer(EntityContext entity)
    {
        var answer = new GetContextResponse { Entities = { entity } };
        answer.Types_.Add(new TypeHeader { Type = "user", Features = { "a", "b", "c" } });
        return new ContextResult(answer);
    }
}
