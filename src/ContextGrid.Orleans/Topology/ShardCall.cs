using System.Buffers;
using ContextGrid.Runtime.Topology;
using Orleans;
using Orleans.Serialization;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;

namespace ContextGrid.Orleans.Topology;

/// <summary>
/// A message on its way. Its bytes are the sender's buffer, which may be used again once the call has ended; but
/// Orleans writes a message when the connection is free for it, which can be later than that. So the end of a call
/// takes the bytes away, and what is written then says that the call was given up. Thread-safe.
/// </summary>
[Immutable]
[Alias("ContextGrid.ShardCall")]
internal sealed class ShardCall
{
    private const byte GivenUpKind = byte.MaxValue;

    private readonly Lock _gate = new();
    private ReadOnlyMemory<byte> _bytes;
    private byte _kind;

    internal ShardCall(ShardMessage kind, ReadOnlyMemory<byte> bytes) => (_kind, _bytes) = ((byte)kind, bytes);

    private ShardCall(byte kind, byte[] bytes) => (_kind, _bytes) = (kind, bytes);

    /// <summary>What the message is.</summary>
    internal ShardMessage Kind => (ShardMessage)_kind;

    /// <summary>The message.</summary>
    internal ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Whether the sender does not wait for an answer any more.</summary>
    internal bool IsGivenUp => _kind == GivenUpKind;

    /// <summary>The call has ended: the bytes are not read from now on.</summary>
    internal void GiveUp()
    {
        lock (_gate)
        {
            (_kind, _bytes) = (GivenUpKind, default);
        }
    }

    internal void Write<TBufferWriter>(ref Writer<TBufferWriter> writer)
        where TBufferWriter : IBufferWriter<byte>
    {
        lock (_gate)
        {
            writer.WriteVarUInt32((uint)_bytes.Length + 1);
            writer.WriteByte(_kind);
            writer.Write(_bytes.Span);
        }
    }

    internal static ShardCall Read<TInput>(ref Reader<TInput> reader)
    {
        uint length = reader.ReadVarUInt32();
        return new ShardCall(reader.ReadByte(), reader.ReadBytes(length - 1));
    }
}

/// <summary>Writes and reads calls: a length, a byte with the kind, the bytes.</summary>
[RegisterSerializer]
internal sealed class ShardCallCodec : IFieldCodec<ShardCall>
{
    /// <inheritdoc/>
    public void WriteField<TBufferWriter>(
        ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, ShardCall? value)
        where TBufferWriter : IBufferWriter<byte>
    {
        ArgumentNullException.ThrowIfNull(value);
        ReferenceCodec.MarkValueField(writer.Session);
        writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(ShardCall), WireType.LengthPrefixed);
        value.Write(ref writer);
    }

    /// <inheritdoc/>
    public ShardCall ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        ReferenceCodec.MarkValueField(reader.Session);
        field.EnsureWireType(WireType.LengthPrefixed);
        return ShardCall.Read(ref reader);
    }
}

/// <summary>What became of a call.</summary>
/// <param name="Bytes">The answer.</param>
/// <param name="Fault">Why there is none, in a sentence; null: there is one.</param>
[GenerateSerializer]
[Immutable]
[Alias("ContextGrid.ShardReply")]
internal readonly record struct ShardReply(
    [property: Id(0)] ReadOnlyMemory<byte> Bytes, [property: Id(1)] string? Fault);
