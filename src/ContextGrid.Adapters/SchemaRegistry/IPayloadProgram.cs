using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>
/// A writer's schema compiled for one event: walks over a payload, takes the fields that the definition uses, and
/// passes over the rest without looking at it more than it must. Immutable, so thread-safe; Avro and Protobuf each
/// have one.
/// </summary>
internal interface IPayloadProgram
{
    /// <summary>Walks over a payload.</summary>
    /// <param name="payload">The payload without its frame.</param>
    /// <param name="path">Protobuf's path of the message where a header has it; empty: the payload begins with it.
    /// </param>
    /// <param name="sink">Takes the values; it has begun this payload.</param>
    /// <returns>What is wrong with the payload as a whole; <see cref="DecodeError.None"/>: nothing.</returns>
    DecodeResult Run(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> path, FieldSink sink);
}

/// <summary>What is known about a schema id.</summary>
/// <param name="Program">Reads its payloads; null: none can be read.</param>
/// <param name="Error">Why not.</param>
/// <param name="Field">The field that it is about; −1: none.</param>
/// <param name="Message">Why not, in words; without a full stop.</param>
/// <param name="MayChange">Whether the registry may answer otherwise later.</param>
internal sealed record SchemaVerdict(
    IPayloadProgram? Program, DecodeError Error, int Field, string Message, bool MayChange = false)
{
    /// <summary>Payloads can be read.</summary>
    internal static SchemaVerdict Good(IPayloadProgram program) => new(program, DecodeError.None, -1, "");

    /// <summary>Payloads can't be read.</summary>
    internal static SchemaVerdict Mismatch(int field, string message) =>
        new(null, DecodeError.SchemaMismatch, field, message);
}
