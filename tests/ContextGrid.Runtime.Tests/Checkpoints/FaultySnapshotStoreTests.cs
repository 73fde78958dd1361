using ContextGrid.Runtime.Checkpoints;
using ContextGrid.TestKit.Checkpoints;

namespace ContextGrid.Runtime.Tests.Checkpoints;

public sealed class FaultySnapshotStoreTests : SnapshotStoreConformance
{
    protected override ISnapshotStore Create() => new FaultySnapshotStore();
}
