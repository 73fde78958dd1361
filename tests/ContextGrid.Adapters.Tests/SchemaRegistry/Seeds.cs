using System.Globalization;

namespace ContextGrid.Adapters.Tests.SchemaRegistry;

/// <summary>Seeds of random tests: printed, and given by CONTEXTGRID_SEED to run one again.</summary>
internal static class Seeds
{
    internal static int Next(ITestOutputHelper output)
    {
        string? given = Environment.GetEnvironmentVariable("CONTEXTGRID_SEED");
        int seed = given is null ? Environment.TickCount : int.Parse(given, CultureInfo.InvariantCulture);
        output.WriteLine($"CONTEXTGRID_SEED={seed} reruns this.");
        return seed;
    }
}
