using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Demo;

namespace ContextGrid.Benchmarks;

/// <summary>The definitions and the events that all rungs share.</summary>
internal sealed class BenchmarkInput
{
    internal const long StartMs = 1_750_000_000_000;
    internal const int Payments = 4_096;

    private readonly byte[][] _payloads = new byte[Payments][];
    private readonly JsonEventDecoder _decoder;

    internal BenchmarkInput()
    {
        DefinitionReadResult read = DefinitionFiles.Read(Path.Combine(RepositoryRoot(), "examples", "benchmark"));
        Definitions = read.Set ?? throw new InvalidOperationException(string.Join('\n', read.Errors));
        Plan = PlanCompiler.Compile(Definitions, Definitions.Entities[0]);
        _decoder = new JsonEventDecoder(Definitions, 0);
        var payments = new PaymentGenerator(new TrafficShape(1_000, 42, StartMs, StepMs: 100));
        byte[] buffer = new byte[TrafficShape.EventBytesMax];
        for (int i = 0; i < Payments; i++)
        {
            _payloads[i] = buffer[..payments.Write(i, buffer)];
        }
    }

    internal DefinitionSet Definitions { get; }

    internal EntityPlan Plan { get; }

    /// <summary>
    /// A record for payments. The payloads have no escapes, so its texts stay valid after the next decode.
    /// </summary>
    internal EventRecord NewRecord() => new(Definitions.Events[0].Fields.Length);

    internal void Decode(int index, EventRecord into)
    {
        byte[] payload = _payloads[index & (Payments - 1)];
        DecodeResult result = _decoder.Decode(payload, 0, payload.Length, StartMs + 10_000_000, into);
        if (!result.Succeeded)
        {
            throw new InvalidOperationException(result.Message);
        }
    }

    /// <summary>An entity that has seen a number of payments, one every 100 ms.</summary>
    internal Entity NewEntity(int events, ApplyScratch scratch)
    {
        var entity = new Entity(Plan);
        EventRecord record = NewRecord();
        for (int i = 0; i < events; i++)
        {
            Decode(i, record);
            record.Position = new Position(0, i);
            entity.Apply(record, scratch);
        }

        return entity;
    }

    private static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "ContextGrid.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("Run the benchmarks inside the repository.");
    }
}
