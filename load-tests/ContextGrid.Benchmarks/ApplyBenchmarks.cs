using System.Text;
using BenchmarkDotNet.Attributes;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Entities;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Benchmarks;

/// <summary>Rung 2: a decoded payment into the 30 features of one of a thousand users, in event-time order.</summary>
public class ApplyBenchmarks
{
    private const long StepMs = 100;

    private readonly EventRecord[] _records = new EventRecord[BenchmarkInput.Payments];
    private readonly Entity[] _users = new Entity[BenchmarkInput.Payments];
    private readonly ApplyScratch _scratch;
    private long _next;

    public ApplyBenchmarks()
    {
        var input = new BenchmarkInput();
        _scratch = new ApplyScratch(input.Plan);
        EntitySource source = input.Definitions.Entities[0].Sources[0];
        var users = new Dictionary<string, Entity>(StringComparer.Ordinal);
        byte[] digits = new byte[EntityKey.DigitsMax];
        for (int i = 0; i < _records.Length; i++)
        {
            _records[i] = input.NewRecord();
            input.Decode(i, _records[i]);
            EntityKey.TryGet(_records[i], source, digits, out ReadOnlySpan<byte> key);
            string user = Encoding.UTF8.GetString(key);
            users.TryAdd(user, new Entity(input.Plan));
            _users[i] = users[user];
        }
    }

    [Benchmark]
    public ApplyOutcome Apply()
    {
        int index = (int)(_next & (BenchmarkInput.Payments - 1));
        EventRecord record = _records[index];
        record.Position = new Position(0, _next);
        record.EventTimeMs = BenchmarkInput.StartMs + _next * StepMs;
        _next++;
        return _users[index].Apply(record, _scratch);
    }
}
