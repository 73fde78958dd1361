using System.Globalization;

namespace ContextGrid.Integration.Tests;

/// <summary>Numbers of a test that whoever runs it may choose.</summary>
internal static class SoakNumber
{
    /// <summary>What decides everything that is left to chance, from CONTEXTGRID_SEED.</summary>
    public static int Seed(int otherwise) => Of("CONTEXTGRID_SEED", otherwise);

    /// <summary>How many kills, from CONTEXTGRID_KILLS.</summary>
    public static int Kills(int otherwise) => Of("CONTEXTGRID_KILLS", otherwise);

    private static int Of(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number)
            ? number
            : otherwise;
}
