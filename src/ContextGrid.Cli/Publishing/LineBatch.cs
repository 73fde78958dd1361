using ContextGrid.Contracts.V1;
using Google.Protobuf;

namespace ContextGrid.Cli.Publishing;

/// <summary>A batch of lines on its way.</summary>
/// <param name="plan">Where it goes, and how.</param>
public sealed class LineBatch(PublishPlan plan)
{
    // The tag and the length before each header in the message.
    private const int HeaderFrameBytes = 4;

    private readonly List<long> _lines = [];
    private readonly int _headerBytes = plan.Headers.Sum(h => h.CalculateSize() + HeaderFrameBytes);

    /// <summary>The message. Its payloads are the lines' own bytes, not copies.</summary>
    public PublishRequest Request { get; } = new() { Topic = plan.Topic, Invalid = plan.Invalid };

    /// <summary>How many events it has.</summary>
    public int Count => _lines.Count;

    /// <summary>Bytes of its payloads and headers.</summary>
    public int Bytes { get; private set; }

    /// <summary>The number of the last line that it covers, empty lines included.</summary>
    public long LastLine { get; set; }

    /// <summary>The number of the line of an event.</summary>
    public long LineOf(int index) => index >= 0 && index < _lines.Count ? _lines[index] : LastLine;

    /// <summary>Adds a line.</summary>
    public void Add(long number, ReadOnlyMemory<byte> line, ByteString key)
    {
        _lines.Add(number);
        Bytes += line.Length + _headerBytes;
        Request.Events.Add(new PublishEvent
        {
            Payload = UnsafeByteOperations.UnsafeWrap(line), Key = key, Headers = { plan.Headers },
        });
    }
}
