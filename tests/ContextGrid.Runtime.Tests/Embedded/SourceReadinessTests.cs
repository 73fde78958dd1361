using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.Embedded;

public sealed class SourceReadinessTests
{
    private readonly PartitionProgress _progress = new(Partition, 0, 10, []);

    [Fact]
    public void WhyNot_NobodySeesTheEnd_SaysSoAlthoughNothingIsKnownToWait()
    {
        _progress.Verify(NowMs);
        Assert.Null(WhyNot(NowMs + PartitionProgress.UnseenMaxMs));
        Assert.Equal(
            "payments/0: its end was not seen for 24 s, so nobody knows what waits", WhyNot(NowMs + 24_000));
        _progress.Verify(NowMs + 24_000);
        Assert.Null(WhyNot(NowMs + 24_000));
    }

    private string? WhyNot(long nowMs) => SourceReadiness.WhyNot(Definitions, [(_progress, null)], nowMs);
}
