using ContextGrid.Core.Model;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>Rung: a payment of about 180 bytes from JSON to a record, on one core.</summary>
internal static class DecodeRung
{
    internal static void Run(Arguments arguments)
    {
        var payments = new Payments(arguments);
        EventRecord record = payments.NewRecord();
        int next = 0;
        (double ns, double bytes) = Repeated.Measure(calls =>
        {
            for (int i = 0; i < calls; i++)
            {
                payments.Decode(next++, record);
            }
        });
        new Row("decode", "one JSON payment to a record", "events/s and core", 1e9 / ns).Print();
        new Row("decode", "allocated", "bytes an event", bytes, "0").Print();
    }
}
