using System.Text;
using ContextGrid.Core.Model;
using ContextGrid.Core.Snapshots;
using ContextGrid.Orleans.Wire;

namespace ContextGrid.Orleans.Tests;

/// <summary>What silos say to each other, byte by byte: another version of a silo must understand it.</summary>
public sealed class WireTests
{
    // Two events of the source 1/2: one that is applied, and one that can't be.
    private const string Block =
        "01 82 80 04 09 02 07 00 03 A0 9C 01 04 04 03 66 C3 BC 02 05 00 01 02 08 01";

    [Fact]
    public void EventBlock_OfThisVersion_HasTheseBytesAndIsReadBack()
    {
        var writer = new EventBlockWriter();
        writer.Add(Event(offset: 7), fields: 4, isSkipped: false);
        writer.Add(Event(offset: 8), fields: 4, isSkipped: true);
        EventBlock block = writer.ToBlock(expected: -5);
        Assert.Equal(Block, Convert.ToHexString(block.Bytes).Chunk(2).Select(c => new string(c)).Aggregate(
            (a, b) => a + " " + b));

        var reader = new EventBlockReader(block);
        Assert.Equal((Position.SourceOf(1, 2), -5), (reader.Source, reader.Expected));
        var read = new EventRecord(4);
        Assert.True(reader.TryRead(read, out bool isSkipped));
        Assert.False(isSkipped);
        Assert.Equal((3, 10_000, 7), (read.EventIndex, read.EventTimeMs, read.Position.Offset));
        Assert.Equal("fü", Encoding.UTF8.GetString(read.Fields[0].Utf8));
        Assert.True(reader.TryRead(read, out isSkipped));
        Assert.True(isSkipped);
        Assert.Equal(8, read.Position.Offset);
        Assert.False(reader.TryRead(read, out _));
    }

    [Fact]
    public void EventBlock_OfALaterVersion_IsRefused()
    {
        byte[] bytes = [2, 0, 0, 0];
        SnapshotFormatException e = Assert.Throws<SnapshotFormatException>(
            () => new EventBlockReader(new EventBlock(bytes)).Source);
        Assert.Contains("version 2", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EventBlock_CutAnywhere_IsRefused()
    {
        var writer = new EventBlockWriter();
        writer.Add(Event(offset: 7), fields: 4, isSkipped: false);
        byte[] whole = writer.ToBlock(expected: 3).Bytes;
        for (int length = 0; length < whole.Length; length++)
        {
            byte[] cut = whole[..length];
            Assert.Throws<SnapshotFormatException>(() => ReadAll(cut));
        }
    }

    private static void ReadAll(byte[] bytes)
    {
        var reader = new EventBlockReader(new EventBlock(bytes));
        var record = new EventRecord(4);
        while (reader.TryRead(record, out _))
        {
        }
    }

    private static EventRecord Event(long offset)
    {
        var record = new EventRecord(4)
        {
            EventIndex = 3, EventTimeMs = 10_000, Position = new Position(Position.SourceOf(1, 2), offset),
        };
        record.Fields[0] = Value.Text("fü");
        record.Fields[1] = Value.Of(-3L);
        record.Fields[2] = Value.Null;
        record.Fields[3] = Value.Of(true);
        return record;
    }
}
