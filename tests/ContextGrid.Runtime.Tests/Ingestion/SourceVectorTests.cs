using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Tests.Ingestion;

public sealed class SourceVectorTests
{
    [Fact]
    public void FromBytes_OfToBytes_IsTheSameMoment()
    {
        SourceVector vector = SourceVector.Of(
            [
                new PartitionProgress(new TopicPartition("payments", 0), 0, 0, []),
                new PartitionProgress(new TopicPartition("payments", 3), 3, 1L << 40, []),
                new PartitionProgress(new TopicPartition("ünicode", 65_000), 9, 7, []),
            ]);
        Assert.True(SourceVector.FromBytes(vector.ToBytes()).Matches(vector));
        Assert.True(SourceVector.FromBytes(SourceVector.Start.ToBytes()).Matches(SourceVector.Start));
        Assert.False(vector.Matches(SourceVector.Start));
    }

    [Fact]
    public void FromBytes_AnythingElse_IsRefusedAndNeverFails()
    {
        Assert.Throws<SnapshotFormatException>(() => SourceVector.FromBytes([]));
        Assert.Throws<SnapshotFormatException>(() => SourceVector.FromBytes([2]));
        const int Seed = 11;
        var random = new Random(Seed);
        for (int i = 0; i < 2000; i++)
        {
            byte[] bytes = new byte[random.Next(1, 40)];
            random.NextBytes(bytes);
            bytes[0] = 1;
            try
            {
                SourceVector.FromBytes(bytes);
            }
            catch (SnapshotFormatException)
            {
                // The only exception that it may throw.
            }
        }
    }
}
