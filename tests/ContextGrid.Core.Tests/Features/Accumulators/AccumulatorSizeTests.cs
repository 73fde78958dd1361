using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Tests.Features.Accumulators;

/// <summary>What an accumulator of one row takes on the heap: a tile with few rows has ten of them.</summary>
public sealed class AccumulatorSizeTests
{
    [Theory]
    [InlineData(AccumulatorKind.Count, 0, 32)]
    [InlineData(AccumulatorKind.PowerSum, 1, 88)]
    [InlineData(AccumulatorKind.Max, 0, 48)]
    [InlineData(AccumulatorKind.Latest, 1, 72)]
    [InlineData(AccumulatorKind.Latest, 10, 120)]
    [InlineData(AccumulatorKind.Distinct, 0, 88)]
    [InlineData(AccumulatorKind.Quantile, 0, 120)]
    [InlineData(AccumulatorKind.Largest, 5, 96)]
    [InlineData(AccumulatorKind.Frequent, 0, 176)]
    public void Create_AndAddOneRow_TakesFewBytes(AccumulatorKind kind, int n, int bytesMax)
    {
        var spec = new AccumulatorSpec(kind, 0, ValueKind.Double, N: n);
        TestRow row = TestRows.Of(12.34)[0];
        long bytes = 0;
        for (int i = 0; i < 3; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            row.AddTo(AccumulatorFactory.Create(spec));
            bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.InRange(bytes, 1, bytesMax);
    }
}
