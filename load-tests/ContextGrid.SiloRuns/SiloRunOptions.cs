using System.Globalization;

namespace ContextGrid.SiloRuns;

/// <summary>What a run does.</summary>
/// <param name="Events">Payments, all in the log before a host starts.</param>
/// <param name="Users">Their users.</param>
/// <param name="Definitions">The directory of definitions.</param>
/// <param name="Data">A new directory.</param>
/// <param name="IsSilo">Whether the host is a silo.</param>
internal sealed record SiloRunOptions(int Events, int Users, string Definitions, string Data, bool IsSilo)
{
    internal static SiloRunOptions Parse(string[] args)
    {
        var given = args.Chunk(2).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
        return new SiloRunOptions(
            Number(given, "--events", 1_000_000), Number(given, "--users", 100_000), given["--definitions"],
            given["--data"], given["--host"] == "silo");
    }

    private static int Number(Dictionary<string, string> given, string name, int value) =>
        given.TryGetValue(name, out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : value;
}
