namespace ContextGrid.Core.Tests.Features.Plans;

/// <summary>Tests that measure the heap of the process and so run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class HeapCollection
{
    internal const string Name = "heap";
}
