using System.Globalization;
using System.Text.Json;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>What tests on random payloads share.</summary>
internal static class PropertyRun
{
    /// <summary>A generator that prints its seed; CONTEXTGRID_SEED reruns with a given one.</summary>
    internal static Random NewRandom(ITestOutputHelper output)
    {
        string? given = Environment.GetEnvironmentVariable("CONTEXTGRID_SEED");
        int seed = given is null ? Environment.TickCount : int.Parse(given, CultureInfo.InvariantCulture);
        output.WriteLine($"CONTEXTGRID_SEED={seed} reruns this.");
        return new Random(seed);
    }

    /// <summary>Whether another parser takes a payload for JSON.</summary>
    internal static bool IsJson(byte[] payload)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(payload);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
