using System.Buffers;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>A segment's bytes, ready to be put. Give the buffer back by <see cref="Return"/> after the put.</summary>
internal sealed record SealedSegment(byte[] Buffer, int Bytes, int Records, int Deletions, uint FooterCrc)
{
    /// <summary>The blob.</summary>
    public ReadOnlyMemory<byte> Content => Buffer.AsMemory(0, Bytes);

    /// <summary>Gives the buffer back.</summary>
    public void Return() => ArrayPool<byte>.Shared.Return(Buffer);
}
