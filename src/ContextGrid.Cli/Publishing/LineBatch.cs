using ContextGrid.Contracts.V1;
using Google.Protobuf;

namespace ContextGrid.Cli.Publishing;

/// <summary>A batch of lines on its way.</summary>
/// <param name="topic">Where it goes.</param>
/// <param name="invalid">What happens to events that are not valid.</param>
public sealed class LineBatch(string topic, InvalidEvents invalid)
{
    private readonly List<long> _lines = [];

    /// <summary>The message. Its payloads are the lines' own bytes, not copies.</summary>
    public PublishRequest Request { get; } = new() { Topic = topic, Invalid = invalid };

    /// <summary>How many events it has.</summary>
    public int Count => _lines.Count;

    /// <summary>Bytes of its payloads.</summary>
    public int Bytes { get; private set; }

    /// <summary>The number of the last line that it covers, empty lines included.</summary>
    public long LastLine { get; set; }

    /// <summary>The number of the line of an event.</summary>
    public long LineOf(int index) => index >= 0 && index < _lines.Count ? _lines[index] : LastLine;

    /// <summary>Adds a line.</summary>
    public void Add(long number, ReadOnlyMemory<byte> line, ByteString key)
    {
        _lines.Add(number);
        Bytes += line.Length;
        Request.Events.Add(new PublishEvent { Payload = UnsafeByteOperations.UnsafeWrap(line), Key = key });
    }
}
