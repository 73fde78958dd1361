using System.Buffers;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Server.Services;
using Google.Protobuf;

namespace ContextGrid.Server.Tests.Services;

public sealed class PublishBatchTests
{
    [Fact]
    public void Fill_EventsWithHeaders_HasThemBesideThoseWithout()
    {
        PublishBatch batch = Fill(new() { Name = "tenant-id", Value = "acme" }, new() { Name = "é", Value = "" });
        Assert.Equal("t", batch.Topic);
        Assert.Equal(2, batch.Items.Count);
        Assert.True(batch.Items[0].Headers.IsEmpty);
        Assert.Equal(
            [new("tenant-id", "acme"), new("é", "")], LogHeaders.Decode(batch.Items[1].Headers.Span));
        Assert.Equal("{}"u8.ToArray(), batch.Items[1].Payload.ToArray());
    }

    [Fact]
    public void Fill_HeadersBeyondEveryLimit_AreRefusedByTheirSize()
    {
        var large = new RecordHeader { Name = new string('n', 100_000), Value = "v" };
        PublishBatch batch = Fill(large);
        Assert.Equal(100_007, batch.Items[1].Headers.Length);
    }

    private static PublishBatch Fill(params RecordHeader[] headers)
    {
        var request = new PublishRequest { Topic = "t" };
        request.Events.Add(new PublishEvent { Payload = ByteString.CopyFromUtf8("{\"a\":1}") });
        request.Events.Add(new PublishEvent { Payload = ByteString.CopyFromUtf8("{}"), Headers = { headers } });
        var batch = new PublishBatch();
        batch.Fill(new ReadOnlySequence<byte>(request.ToByteArray()));
        return batch;
    }
}
