using ContextGrid.Runtime.Ingestion;
using ContextGrid.TestKit.Logs;

namespace ContextGrid.Runtime.Tests.Embedded.Log;

public sealed class FileEventLogConformanceTests : EventLogConformance
{
    private readonly LogFixture _fixture = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _fixture.Dispose();
    }

    protected override ValueTask<IEventLog> OpenAsync() => ValueTask.FromResult<IEventLog>(_fixture.Open(
        _fixture.Options with { Topics = new Dictionary<string, int> { [Topic] = Partitions } }));
}
