using ContextGrid.Core.Entities;
using ContextGrid.Core.Model;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>Rung: a decoded payment into the features of one of a thousand users, in event-time order, on one core.
/// </summary>
internal static class ApplyRung
{
    private const long StepMs = 100;

    internal static void Run(Arguments arguments)
    {
        var payments = new Payments(arguments);
        var scratch = new ApplyScratch(payments.Plan);
        var records = new EventRecord[Payments.Count];
        var users = new Entity[Payments.Count];
        var byName = new Dictionary<string, Entity>(StringComparer.Ordinal);
        for (int i = 0; i < records.Length; i++)
        {
            records[i] = payments.NewRecord();
            payments.Decode(i, records[i]);
            string user = payments.UserOf(records[i]);
            byName.TryAdd(user, new Entity(payments.Plan));
            users[i] = byName[user];
        }

        long next = 0;
        (double ns, double bytes) = Repeated.Measure(calls =>
        {
            for (int i = 0; i < calls; i++, next++)
            {
                int index = (int)(next & (Payments.Count - 1));
                records[index].Position = new Position(0, next);
                records[index].EventTimeMs = Payments.StartMs + (next * StepMs);
                users[index].Apply(records[index], scratch);
            }
        });
        int features = payments.Plan.Features.Length;
        string aim = features == 30 ? "≥ 400,000" : "";
        new Row("apply", $"one event to {features} features", "events/s and core", 1e9 / ns, aim).Print();
        new Row("apply", $"allocated, {features} features", "bytes an event", bytes, "0").Print();
    }
}
