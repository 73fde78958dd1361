using ContextGrid.Adapters.SchemaRegistry.Avro;
using ContextGrid.Adapters.SchemaRegistry.Protobuf;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>
/// Decodes Avro and Protobuf payloads of one event by the writer's schema, which each payload names by its id. A schema
/// is compiled once; from then on nothing is allocated for a good payload.
/// </summary>
/// <remarks>Not thread-safe: one decoder a thread.</remarks>
internal sealed class SchemaEventDecoder : IEventDecoder
{
    /// <summary>Compiled schemas that are kept from batch to batch.</summary>
    internal const int VerdictsMax = 4_096;

    private readonly SchemaRegistryClient _registry;
    private readonly EventRules _rules;
    private readonly FieldPath _view;
    private readonly FieldSink _sink;
    private readonly Dictionary<SchemaId, SchemaVerdict> _verdicts = [];
    private SchemaId _lastId;
    private SchemaVerdict? _last;

    internal SchemaEventDecoder(SchemaRegistryClient registry, DefinitionSet definitions, int eventIndex)
    {
        _registry = registry;
        _rules = new EventRules(definitions, eventIndex);
        _view = FieldPath.Of(_rules);
        _sink = new FieldSink(_rules.Definition);
    }

    /// <inheritdoc/>
    public ValueTask PrepareAsync(IPayloadBatch payloads, CancellationToken cancellationToken)
    {
        if (_verdicts.Count > VerdictsMax)
        {
            _verdicts.Clear();
            _last = null;
        }

        int first = NextMissing(payloads, 0);
        return first < 0 ? default : FetchAsync(payloads, first, cancellationToken);
    }

    /// <inheritdoc/>
    public DecodeResult Decode(
        byte[] buffer, int start, int length, ArraySegment<byte> headers, long recordTimeMs, EventRecord into)
    {
        _rules.Begin(recordTimeMs, into);
        DecodeResult badHeader = _rules.Headers.Read(headers, into);
        if (length > JsonEventDecoder.PayloadBytesMax)
        {
            return Refuse(new DecodeResult { Error = DecodeError.TooLarge, FoundLength = length }, into);
        }

        ReadOnlySpan<byte> payload = buffer.AsSpan(start, length);
        if (!SchemaFrame.TryRead(payload, headers, out SchemaId id, out int frame, out ReadOnlySpan<byte> path))
        {
            string found = SchemaFrame.Describe(payload, headers);
            return Refuse(new DecodeResult { Error = DecodeError.NotFramed, FoundText = found }, into);
        }

        SchemaVerdict verdict = Find(id) ?? throw new InvalidOperationException(
            "A payload is decoded whose schema was not made ready.");
        _sink.Begin(buffer, start + frame, into.Fields);
        if (verdict.Program is null)
        {
            var refused = new DecodeResult
            {
                Error = verdict.Error, FieldIndex = verdict.Field, FoundText = verdict.Message,
            };
            return _rules.Refuse(refused, default, into);
        }

        DecodeResult broken = verdict.Program.Run(payload[frame..], path, _sink);
        return broken.Error == DecodeError.None
            ? Conclude(badHeader, payload, into)
            : _rules.Refuse(broken, default, into);
    }

    // About the payload as a whole, before its fields were looked at.
    private DecodeResult Refuse(in DecodeResult wrong, EventRecord into) =>
        _rules.Refuse(wrong with { FieldIndex = -1 }, default, into);

    private DecodeResult Conclude(in DecodeResult badHeader, ReadOnlySpan<byte> payload, EventRecord into)
    {
        if (_sink.Fault.Error != DecodeError.None || !badHeader.Succeeded)
        {
            return _rules.Refuse(badHeader.Succeeded ? _sink.Fault : badHeader, _sink.IsBroken, into);
        }

        DecodeError error = _rules.Check(into, out int field, out DecodeHint hint);
        if (error != DecodeError.None)
        {
            string found = field >= 0 ? into.Fields[field].ToString() : "";
            var wrong = new DecodeResult { Error = error, Hint = hint, FieldIndex = field, FoundText = found };
            return _rules.Refuse(wrong, _sink.IsBroken, into);
        }

        into.IdHash = _rules.IdHash(into);
        into.ContentHash = _rules.ContentHash(payload, into);
        return DecodeResult.Good;
    }

    private SchemaVerdict? Find(SchemaId id)
    {
        if (_last is null || id != _lastId)
        {
            _last = _verdicts.GetValueOrDefault(id);
            _lastId = id;
        }

        return _last;
    }

    // The first payload, from an index on, whose schema is not known, or about which the registry may say otherwise
    // now.
    private int NextMissing(IPayloadBatch payloads, int from)
    {
        for (int i = from; i < payloads.Count; i++)
        {
            if (SchemaFrame.TryRead(payloads.Payload(i), payloads.Headers(i), out SchemaId id, out _, out _)
                && Find(id) is not { MayChange: false })
            {
                return i;
            }
        }

        return -1;
    }

    private async ValueTask FetchAsync(IPayloadBatch payloads, int first, CancellationToken cancellationToken)
    {
        for (int i = first; i >= 0; i = NextMissing(payloads, i + 1))
        {
            SchemaFrame.TryRead(payloads.Payload(i), payloads.Headers(i), out SchemaId id, out _, out _);
            RegistryReply reply = await _registry.GetAsync(id, cancellationToken).ConfigureAwait(false);
            SchemaVerdict verdict = Judge(id, reply);
            if (verdict is { Program: null, Error: DecodeError.SchemaMismatch })
            {
                string? subject = await _registry.FindSubjectAsync(id, cancellationToken).ConfigureAwait(false);
                string of = string.IsNullOrEmpty(subject) ? "" : $", subject {subject}";
                verdict = verdict with { Message = $"{verdict.Message} (schema {id}{of})" };
            }

            _verdicts[id] = verdict;
            _last = null;
        }
    }

    private SchemaVerdict Judge(SchemaId id, RegistryReply reply) => reply switch
    {
        { Schema: { } schema } => Compile(schema),
        { Refusal: { } refusal } => SchemaVerdict.Mismatch(-1, refusal) with { MayChange = true },
        _ => Unknown(id),
    };

    private SchemaVerdict Compile(RegistrySchema schema)
    {
        try
        {
            return (_rules.Definition.Format, schema.Type) switch
            {
                (EventFormat.Avro, RegistrySchemaType.Avro) => AvroCompiler.Compile(schema, _view),
                (EventFormat.Protobuf, RegistrySchemaType.Protobuf) => ProtobufCompiler.Compile(schema, _view),
                _ => SchemaVerdict.Mismatch(
                    -1,
                    $"the payload's schema is {schema.Type.ToString().ToLowerInvariant()}; the definition says format: "
                    + _rules.Definition.Format.ToString().ToLowerInvariant()),
            };
        }
        catch (SchemaTextException e)
        {
            return SchemaVerdict.Mismatch(-1, $"the writer's schema can't be read: {e.Message}");
        }
    }

    private static SchemaVerdict Unknown(SchemaId id) => new(
        null,
        id.Guid == default ? DecodeError.UnknownSchema : DecodeError.NotFramed,
        -1,
        id switch
        {
            { Guid: var guid } when guid != default => $"it names its schema by the GUID {guid}, of which the schema "
                + "registry knows none; registries have GUIDs since Confluent Platform 8",
            { Number: 0 } => "the schema registry has no schema with the id 0; a zero and an id of eight bytes, as "
                + "Apicurio's serializers write by default, begin so: let them write ids of four bytes",
            _ => $"the schema registry has no schema with the id {id}; was the payload written for another registry?",
        },
        MayChange: true);
}
