using System.Globalization;
using System.Text.Unicode;

namespace ContextGrid.Runtime.Demo;

/// <summary>
/// Simulated payments as JSON, about 180 bytes each. The event at an index is a function of the shape and the index
/// alone, so a run can start anywhere. Thread-safe; no allocation.
/// </summary>
/// <param name="shape">What the traffic is like.</param>
public sealed class PaymentGenerator(TrafficShape shape)
{
    private const int Merchants = 5_000;

    /// <summary>Where payments belong in the example definitions.</summary>
    public const string Topic = "payments";

    /// <summary>Writes the event at an index, without a line end.</summary>
    /// <param name="index">From 0.</param>
    /// <param name="target">At least <see cref="TrafficShape.EventBytesMax"/> bytes.</param>
    /// <returns>How many bytes were written.</returns>
    public int Write(long index, Span<byte> target)
    {
        (long id, long timeMs, bool bad) = shape.Choose(index);
        var random = new DemoRandom(shape.Seed, id);
        int user = DemoPopulation.User(ref random, shape.Users);
        int device = DemoPopulation.Device(ref random, user);
        string country = DemoPopulation.Country(ref random, user);

        // Cubed, so that most amounts are small and a few reach 1,000.
        double u = random.NextDouble();
        int cents = 100 + (int)(u * u * u * 100_000);
        int merchant = random.NextInt32(Merchants);
        string status = random.NextInt32(10) == 0 ? "declined" : "approved";
        if (bad)
        {
            return WriteBad(id, timeMs, user, random.NextInt32(4), target);
        }

        Utf8.TryWrite(
            target,
            CultureInfo.InvariantCulture,
            $$"""{"payment_id":"p{{id}}","user_id":"u{{user}}","device_id":"d{{device}}","merchant":"m"""
                + $$"""{{merchant}}","amount":{{cents / 100}}."""
                + $$"""{{cents % 100:D2}},"status":"{{status}}","country":"{{country}}","ts":{{timeMs}}}""",
            out int written);
        return written;
    }

    // The mistakes that producers make most: a number in quotes, NaN, no time, a text that is cut short.
    private static int WriteBad(long id, long timeMs, int user, int mistake, Span<byte> target)
    {
        string rest = mistake switch
        {
            0 => "\"amount\":\"12.50\",\"ts\":",
            1 => "\"amount\":NaN,\"ts\":",
            2 => "\"time\":",
            _ => "\"ts\":",
        };
        Utf8.TryWrite(
            target,
            CultureInfo.InvariantCulture,
            $$"""{"payment_id":"p{{id}}","user_id":"u{{user}}",{{rest}}{{timeMs}}{{(mistake == 3 ? "" : "}")}}""",
            out int written);
        return written;
    }
}
