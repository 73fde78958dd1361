using System.Globalization;
using ContextGrid.TestKit.Scenarios;

namespace ContextGrid.Core.Tests.Entities;

/// <summary>
/// Checks random scenarios, one a seed. CONTEXTGRID_SEED runs one seed again, CONTEXTGRID_RUNS more than the default.
/// </summary>
internal static class ScenarioRuns
{
    /// <summary>Fails with the smallest scenario found for which a check says what is wrong, or throws.</summary>
    /// <param name="runs">How many seeds, from 0 on.</param>
    /// <param name="check">Says what is wrong, or null.</param>
    internal static void ForAll(int runs, Func<Scenario, Random, string?> check)
    {
        string? chosen = Environment.GetEnvironmentVariable("CONTEXTGRID_SEED");
        string? more = Environment.GetEnvironmentVariable("CONTEXTGRID_RUNS");
        int first = chosen is null ? 0 : int.Parse(chosen, CultureInfo.InvariantCulture);
        int count = chosen is not null ? 1 : more is null ? runs : int.Parse(more, CultureInfo.InvariantCulture);
        for (int seed = first; seed < first + count; seed++)
        {
            int fixedSeed = seed;
            Scenario scenario = ScenarioMaker.Make(seed);
            if (Run(scenario) is not null)
            {
                Scenario small = ScenarioMaker.Shrink(scenario, s => Run(s) is not null);
                Assert.Fail($"{Run(small)}\n{small}");
            }

            string? Run(Scenario s)
            {
                try
                {
                    return check(s, new Random(fixedSeed));
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    return e.ToString();
                }
            }
        }
    }
}
