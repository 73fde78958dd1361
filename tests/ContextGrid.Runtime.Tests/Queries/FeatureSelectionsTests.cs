using ContextGrid.Core.Definitions;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Tests.Queries;

public sealed class FeatureSelectionsTests
{
    private readonly FeatureSelections _selections = new(Plan());

    [Fact]
    public void Of_ListsThatJoinToTheSameText_AreOtherSelections()
    {
        FeatureSelection odd = _selections.Of(["a\nb"]), two = _selections.Of(["a", "b"]), none = _selections.Of([]);
        Assert.Equal([-1], odd.Features);
        Assert.Equal([0, 1], two.Features);
        Assert.Empty(none.Features);
        Assert.Equal([-1], _selections.Of([""]).Features);
        Assert.Same(two, _selections.Of(new List<string> { "a", "b" }));
    }

    [Fact]
    public void Of_ManyDifferentLists_KeepsAFew()
    {
        for (int i = 0; i < 3 * FeatureSelections.ListsMax; i++)
        {
            // The bits of the number as names.
            _selections.Of([.. Enumerable.Range(0, 12).Select(bit => ((i >> bit) & 1) == 0 ? "a" : "b")]);
            Assert.InRange(_selections.Count, 1, FeatureSelections.ListsMax);
        }
    }

    [Fact]
    public void Of_UnknownNames_KeepsNone()
    {
        Assert.Equal([-1], _selections.Of([new string('x', 1_000_000)]).Features);
        Assert.Equal([0, -1], _selections.Of(["a", "a\nb"]).Features);
        Assert.Equal(0, _selections.Count);
    }

    [Fact]
    public void Of_AKnownList_AllocatesNothing()
    {
        string[] names = ["a", "b"];
        _selections.Of(names);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
        {
            _selections.Of(names);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static EntityPlan Plan()
    {
        DefinitionReadResult read = DefinitionFiles.Parse(
            "test.yaml",
            """
            version: 1
            events: {e: {topic: t, key: k, fields: {k: string}}}
            entities: {x: {from: {e: k}, features: {a: e | count(), b: e | last(k)}}}
            """);
        Assert.NotNull(read.Set);
        return PlanCompiler.Compile(read.Set, read.Set.Entities[0]);
    }
}
