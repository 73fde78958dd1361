using ContextGrid.Core.Entities;
using ContextGrid.Core.Model;
using ContextGrid.Core.Queries;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>Rung: all features of one user, after few events and after many, on one core.</summary>
internal static class QueryRung
{
    // 20 events in 33 minutes are an ordinary user of the simulated payments; the busy ones have dense tiles.
    private static readonly (string Name, int Events, double StepMs)[] Users =
    [
        ("20 events in 33 minutes", 20, 100_000),
        ("20 events in 2 seconds", 20, 100),
        ("4,000 events in 7 minutes", 4_000, 100),
        ("20,000 events in a day", 20_000, 4_320),
    ];

    internal static void Run(Arguments arguments)
    {
        var payments = new Payments(arguments);
        FeatureSelection selection = FeatureSelection.All(payments.Plan);
        int features = selection.Features.Length;
        var reader = new EntityReader(payments.Plan);
        var arena = new AnswerArena();
        var values = new Value[features];
        var statuses = new FeatureStatus[features];
        long[] timesMs = new long[features];
        byte[] notes = new byte[features];
        foreach ((string name, int events, double stepMs) in Users)
        {
            Entity user = payments.NewEntity(events, stepMs, new ApplyScratch(payments.Plan));
            (double ns, double bytes) = Repeated.Measure(calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    arena.Reset();
                    reader.Read(user, selection, 0, arena, new AnswerSlots(values, statuses, timesMs, notes));
                }
            });
            new Row("query", $"{features} features of a user with {name}", "µs", ns / 1000).Print();
            new Row("query", $"allocated, {features} features, {name}", "bytes", bytes, "0").Print();
        }
    }
}
