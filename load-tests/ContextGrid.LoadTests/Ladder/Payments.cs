using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Demo;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>The definitions and the decoded payments that the in-process rungs share.</summary>
internal sealed class Payments
{
    internal const long StartMs = 1_750_000_000_000;
    internal const int Count = 4_096;

    private readonly byte[][] _payloads = new byte[Count][];
    private readonly JsonEventDecoder _decoder;
    private readonly byte[] _digits = new byte[EntityKey.DigitsMax];

    internal Payments(Arguments arguments)
    {
        Definitions = Read(arguments);
        Plan = PlanCompiler.Compile(Definitions, Definitions.Entities[0]);
        _decoder = new JsonEventDecoder(Definitions, 0);
        var payments = new PaymentGenerator(new TrafficShape(1_000, 42, StartMs, StepMs: 100));
        byte[] buffer = new byte[TrafficShape.EventBytesMax];
        for (int i = 0; i < Count; i++)
        {
            _payloads[i] = buffer[..payments.Write(i, buffer)];
        }
    }

    internal DefinitionSet Definitions { get; }

    internal EntityPlan Plan { get; }

    internal static DefinitionSet Read(Arguments arguments)
    {
        DefinitionReadResult read = DefinitionFiles.Read(arguments.Text("definitions", "examples/benchmark"));
        return read.Set ?? throw new InvalidOperationException(string.Join('\n', read.Errors));
    }

    /// <summary>A record for payments; the payloads have no escapes, so its texts outlive the next decode.</summary>
    internal EventRecord NewRecord() => new(Definitions.Events[0].Fields.Length);

    internal void Decode(int index, EventRecord into)
    {
        byte[] payload = _payloads[index & (Count - 1)];
        DecodeResult result = _decoder.Decode(payload, 0, payload.Length, StartMs + 10_000_000, into);
        if (!result.Succeeded)
        {
            throw new InvalidOperationException(result.Message);
        }
    }

    internal string UserOf(EventRecord record)
    {
        EntityKey.TryGet(record, Definitions.Entities[0].Sources[0], _digits, out ReadOnlySpan<byte> key);
        return Encoding.UTF8.GetString(key);
    }

    /// <summary>An entity that has had payments, one every so many milliseconds; the first at StartMs.</summary>
    internal Entity NewEntity(int events, double stepMs, ApplyScratch scratch)
    {
        var entity = new Entity(Plan);
        EventRecord record = NewRecord();
        for (int i = 0; i < events; i++)
        {
            Decode(i, record);
            record.Position = new Position(0, i);
            record.EventTimeMs = StartMs + (long)(i * stepMs);
            entity.Apply(record, scratch);
        }

        return entity;
    }
}
