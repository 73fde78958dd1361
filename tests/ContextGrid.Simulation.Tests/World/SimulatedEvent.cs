using System.Globalization;
using System.Text;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>An event as its producer knows it.</summary>
/// <param name="Name">The event's name.</param>
/// <param name="TimeMs">When it happened, milliseconds since the Unix epoch.</param>
/// <param name="Id">The producer's id; null: none.</param>
/// <param name="Fields">What the oracle sees of it.</param>
/// <param name="IsPoison">Whether no decoder can take it.</param>
/// <param name="Text">The payload.</param>
internal sealed record SimulatedEvent(
    string Name, long TimeMs, string? Id, IReadOnlyDictionary<string, object?> Fields, bool IsPoison, string Text)
{
    public string Topic => Name + "s";

    public byte[] Payload => Encoding.UTF8.GetBytes(Text);

    public static SimulatedEvent Payment(
        long timeMs, string id, string user, string device, double amount, string country, string note)
    {
        var fields = new Dictionary<string, object?>
        {
            ["payment_id"] = id, ["user_id"] = user, ["device_id"] = device, ["amount"] = amount, ["country"] = country,
        };
        string text = $$"""{"payment_id":"{{id}}","ts":{{timeMs}},"user_id":"{{user}}","device_id":"{{device}}","""
            + string.Create(CultureInfo.InvariantCulture, $"\"amount\":{amount:R},")
            + $$"""
                "country":"{{country}}","note":"{{note}}"}
                """;
        return new SimulatedEvent("payment", timeMs, id, fields, IsPoison: false, text);
    }

    public static SimulatedEvent Login(long timeMs, string id, string user, bool ok, string note = "")
    {
        var fields = new Dictionary<string, object?> { ["user_id"] = user, ["ok"] = ok };
        string text = $$"""{"trace":"{{id}}","ts":{{timeMs}},"user_id":"{{user}}","note":"{{note}}","ok":"""
            + (ok ? "true}" : "false}");
        return new SimulatedEvent("login", timeMs, null, fields, IsPoison: false, text);
    }

    /// <summary>A record that no decoder can take.</summary>
    /// <param name="name">The event that it was to be.</param>
    /// <param name="text">The payload.</param>
    /// <param name="user">The user that it names all the same; null: nobody can tell.</param>
    /// <param name="device">The device, likewise.</param>
    public static SimulatedEvent Poison(string name, string text, string? user, string? device = null) => new(
        name, 0, null, new Dictionary<string, object?> { ["user_id"] = user, ["device_id"] = device }, IsPoison: true,
        text);
}
