using System.Globalization;
using System.Text.Unicode;

namespace ContextGrid.Runtime.Demo;

/// <summary>
/// Simulated logins as JSON, of the same users as <see cref="PaymentGenerator"/>'s. The event at an index is a function
/// of the shape and the index alone. Thread-safe; no allocation.
/// </summary>
/// <param name="shape">What the traffic is like.</param>
public sealed class LoginGenerator(TrafficShape shape)
{
    // Other numbers than the payments have, or the n-th login would always be of the n-th payment's user.
    private const long Stream = 0x10617;

    /// <summary>Where logins belong in the example definitions.</summary>
    public const string Topic = "logins";

    /// <summary>Writes the event at an index, without a line end.</summary>
    /// <param name="index">From 0.</param>
    /// <param name="target">At least <see cref="TrafficShape.EventBytesMax"/> bytes.</param>
    /// <returns>How many bytes were written.</returns>
    public int Write(long index, Span<byte> target)
    {
        (long id, long timeMs, bool bad) = shape.Choose(index);
        var random = new DemoRandom(shape.Seed ^ Stream, id);
        int user = DemoPopulation.User(ref random, shape.Users);
        int device = DemoPopulation.Device(ref random, user);
        string country = DemoPopulation.Country(ref random, user);
        string method = random.NextInt32(3) switch { 0 => "password", 1 => "passkey", _ => "token" };
        string success = random.NextInt32(12) == 0 ? "false" : "true";
        Utf8.TryWrite(
            target,
            CultureInfo.InvariantCulture,
            $$"""{"login_id":"l{{id}}","user_id":"u{{user}}","device_id":"d"""
                + $$"""{{device}}","method":"{{method}}","success":"""
                + $$"""{{(bad ? "\"yes\"" : success)}},"country":"{{country}}","ts":{{timeMs}}}""",
            out int written);
        return written;
    }
}
