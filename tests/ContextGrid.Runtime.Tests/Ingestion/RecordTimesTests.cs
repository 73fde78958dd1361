using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Tests.Demo;
using static ContextGrid.Runtime.Tests.Ingestion.TestRecords;

namespace ContextGrid.Runtime.Tests.Ingestion;

public sealed class RecordTimesTests
{
    private readonly ScriptedLog _log = new() { End = 3 };
    private readonly ManualTime _time = new(NowMs);

    [Fact]
    public async Task Start_LogGivesNothingBeforeItsEnd_TheLagGrowsFromThenOn()
    {
        _log.ThenNothing();
        Assert.Equal(700, await LagMsAsync(NowMs + 700));
    }

    [Fact]
    public async Task Start_RecordWaits_TheLagIsItsAge()
    {
        _log.ThenRead(Batch(1, NowMs - 60_000, Payment("a", "u1", 1)));
        Assert.Equal(60_700, await LagMsAsync(NowMs + 700));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task Start_RecordWithoutTimeWaits_TheLagGrowsFromThenOn(long recordMs)
    {
        _log.ThenRead(Batch(1, recordMs, Payment("a", "u1", 1)));
        Assert.Equal(700, await LagMsAsync(NowMs + 700));
    }

    [Fact]
    public async Task Start_NothingWaits_ThereIsNoLag()
    {
        _log.End = 0;
        Assert.Equal(0, await LagMsAsync(NowMs + 700));
        Assert.Equal(0, _log.Opened);
    }

    private async Task<long> LagMsAsync(long nowMs) => Assert.Single(await StateRecovery.ProgressAsync(
        _log, Definitions, CheckpointManifest.Empty, _time, CancellationToken.None)).LagMs(nowMs);
}
