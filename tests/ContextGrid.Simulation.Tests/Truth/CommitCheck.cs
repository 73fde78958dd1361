using System.Globalization;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Simulation.Tests.Machine;
using ContextGrid.Simulation.Tests.World;

namespace ContextGrid.Simulation.Tests.Truth;

/// <summary>Whether what a process says to be its newest durable checkpoint is durable (I3, I4).</summary>
internal static class CommitCheck
{
    private const string Manifests = "/data/checkpoints/manifests/";

    /// <exception cref="SimulationFailure">It is not.</exception>
    public static void Run(SimulatedWorld world, SimulatedProcess process)
    {
        if (process.Host?.Checkpoint is not { Generation: > 0 } said)
        {
            return;
        }

        string name = string.Create(
            CultureInfo.InvariantCulture, $"{said.Lineage:D8}/{said.Generation:D20}");
        string? newest = Names(world).Max(StringComparer.Ordinal);
        int order = string.CompareOrdinal(newest, name);

        // A newer one has replaced it; whose that is, its owner learns when it wants to make the next one.
        bool holds = order > 0 || (order == 0 && (world.Plan.IsShared
            ? world.Store.Blobs["manifests/" + name].Content.AsSpan().IndexOf(said.Writer.ToByteArray()) >= 0
            : world.Disk.Files[Manifests + name].Seen.AsSpan().SequenceEqual(world.Disk.DurableOf(Manifests + name))));
        if (!holds)
        {
            throw new SimulationFailure(
                $"process {process.Number} says that checkpoint {said.Generation} is durable, and it is not");
        }
    }

    private static IEnumerable<string> Names(SimulatedWorld world)
    {
        IEnumerable<string> names = world.Plan.IsShared
            ? world.Store.Blobs.Keys.Where(b => b.StartsWith("manifests/", StringComparison.Ordinal))
            : world.Disk.Files.Keys.Where(f => f.StartsWith(Manifests, StringComparison.Ordinal));
        return names.Select(n => n[(n.IndexOf("manifests/", StringComparison.Ordinal) + "manifests/".Length)..]);
    }
}
