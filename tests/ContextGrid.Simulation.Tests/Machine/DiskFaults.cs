namespace ContextGrid.Simulation.Tests.Machine;

/// <summary>What may go wrong with a disk, as probabilities of one operation.</summary>
/// <param name="random">Decides.</param>
internal sealed class DiskFaults(Random random)
{
    /// <summary>A flush of a file or the sync of a directory fails.</summary>
    public double FlushFails { get; set; }

    /// <summary>A delete fails.</summary>
    public double DeleteFails { get; set; }

    /// <summary>A read fails; the next one may not.</summary>
    public double ReadFails { get; set; }

    /// <summary>A read brings less than was asked for.</summary>
    public double ReadIsShort { get; set; }

    /// <summary>The process dies at a writing operation.</summary>
    public double Ends { get; set; }

    /// <summary>The process dies right after a flush that failed, before it does anything about that.</summary>
    public double EndsAfterFailure { get; set; }

    /// <summary>Kills the process that runs.</summary>
    public Action? End { get; set; }

    /// <summary>Whether something with a probability happens now.</summary>
    public bool Happens(double probability) => probability > 0 && random.NextDouble() < probability;

    /// <summary>Here the process may die.</summary>
    /// <exception cref="SimulatedCrashException">It has.</exception>
    /// <param name="afterFailure">Right after something failed, where it is more telling.</param>
    public void MayEnd(bool afterFailure = false)
    {
        if (End is not null && Happens(afterFailure ? EndsAfterFailure : Ends))
        {
            End();
            throw new SimulatedCrashException();
        }
    }
}
