using System.Collections.Immutable;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>
/// The keys of entities: a few that are always in use, and many that are seen now and then, so that they leave the
/// memory and come back.
/// </summary>
internal static class SimulatedKeys
{
    private const int HotUsers = 4, Users = 36, HotDevices = 2, Devices = 16;

    /// <summary>All entities that events can be about: the type's place among the plans, and the key.</summary>
    public static ImmutableArray<(int Type, string Key)> All { get; } =
    [
        .. Enumerable.Range(0, Users).Select(i => (SimulatedDefinitions.TypeOf("user"), $"u{i}")),
        .. Enumerable.Range(0, Devices).Select(i => (SimulatedDefinitions.TypeOf("device"), $"d{i}")),
    ];

    public static string User(Random random) => $"u{random.Next(random.Next(3) > 0 ? HotUsers : Users)}";

    public static string Device(Random random) => $"d{random.Next(random.Next(3) > 0 ? HotDevices : Devices)}";

    /// <summary>Some entity, at times one that no event was ever about.</summary>
    public static (int Type, string Key) Any(Random random) => random.Next(12) switch
    {
        0 => (SimulatedDefinitions.TypeOf("user"), "u-never"),
        < 8 => (SimulatedDefinitions.TypeOf("user"), User(random)),
        _ => (SimulatedDefinitions.TypeOf("device"), Device(random)),
    };
}
