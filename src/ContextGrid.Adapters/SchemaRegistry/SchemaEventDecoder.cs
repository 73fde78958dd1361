using System.Globalization;
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
    private readonly Dictionary<int, SchemaVerdict> _verdicts = [];
    private int _lastId;
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
        _sink.Begin(buffer, start + SchemaFrame.Bytes, into.Fields);
        if (length > JsonEventDecoder.PayloadBytesMax)
        {
            var tooLarge = new DecodeResult { Error = DecodeError.TooLarge, FieldIndex = -1, FoundLength = length };
            return _rules.Refuse(tooLarge, default, into);
        }

        ReadOnlySpan<byte> payload = buffer.AsSpan(start, length);
        if (!SchemaFrame.TryRead(payload, out int id))
        {
            return _rules.Refuse(new DecodeResult { Error = DecodeError.NotFramed, FieldIndex = -1 }, default, into);
        }

        SchemaVerdict verdict = Find(id) ?? throw new InvalidOperationException(
            "A payload is decoded whose schema was not made ready.");
        if (verdict.Program is null)
        {
            var refused = new DecodeResult
            {
                Error = verdict.Error, FieldIndex = verdict.Field, FoundText = verdict.Message,
            };
            return _rules.Refuse(refused, default, into);
        }

        DecodeResult broken = verdict.Program.Run(payload[SchemaFrame.Bytes..], _sink);
        return broken.Error == DecodeError.None ? Conclude(payload, into) : _rules.Refuse(broken, default, into);
    }

    private DecodeResult Conclude(ReadOnlySpan<byte> payload, EventRecord into)
    {
        if (_sink.Fault.Error != DecodeError.None)
        {
            return _rules.Refuse(_sink.Fault, _sink.IsBroken, into);
        }

        DecodeError error = _rules.Check(into, out int field, out DecodeHint hint);
        if (error != DecodeError.None)
        {
            string found = field >= 0 ? into.Fields[field].ToString() : "";
            var wrong = new DecodeResult { Error = error, Hint = hint, FieldIndex = field, FoundText = found };
            return _rules.Refuse(wrong, _sink.IsBroken, into);
        }

        into.IdHash = _rules.IdHash(into);
        into.ContentHash = StableHash.Of(payload);
        return DecodeResult.Good;
    }

    private SchemaVerdict? Find(int id)
    {
        if (_last is null || id != _lastId)
        {
            _last = _verdicts.GetValueOrDefault(id);
            _lastId = id;
        }

        return _last;
    }

    // The first payload, from an index on, whose schema is not known, or of which it was only known that the registry
    // has none.
    private int NextMissing(IPayloadBatch payloads, int from)
    {
        for (int i = from; i < payloads.Count; i++)
        {
            if (SchemaFrame.TryRead(payloads.Payload(i), out int id)
                && Find(id) is not { Error: not DecodeError.UnknownSchema })
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
            SchemaFrame.TryRead(payloads.Payload(i), out int id);
            RegistrySchema? schema = await _registry.GetAsync(id, cancellationToken).ConfigureAwait(false);
            _verdicts[id] = schema is null
                ? new SchemaVerdict(null, DecodeError.UnknownSchema, -1, Unknown(id))
                : await JudgeAsync(schema, cancellationToken).ConfigureAwait(false);
            _last = null;
        }
    }

    private async ValueTask<SchemaVerdict> JudgeAsync(RegistrySchema schema, CancellationToken cancellationToken)
    {
        SchemaVerdict verdict = Compile(schema);
        if (verdict.Program is not null)
        {
            return verdict;
        }

        string? subject = await _registry.FindSubjectAsync(schema.Id, cancellationToken).ConfigureAwait(false);
        string of = string.IsNullOrEmpty(subject) ? "" : $", subject {subject}";
        return verdict with { Message = string.Create(
            CultureInfo.InvariantCulture, $"{verdict.Message} (schema {(uint)schema.Id}{of})") };
    }

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

    private static string Unknown(int id) => string.Create(
        CultureInfo.InvariantCulture,
        $"the schema registry has no schema with the id {(uint)id}; was the payload written for another registry?");
}
