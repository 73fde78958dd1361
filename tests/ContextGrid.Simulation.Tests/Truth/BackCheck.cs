using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Simulation.Tests.Machine;

namespace ContextGrid.Simulation.Tests.Truth;

/// <summary>
/// Whether answers about an entity, of whatever process, never go back without saying so: what one answer has shown,
/// the next one shows too, or it says that the state is being brought back.
/// </summary>
internal static class BackCheck
{
    /// <param name="answers">All answers of processes that were never out of step with the cluster.</param>
    /// <exception cref="SimulationFailure">One does not.</exception>
    public static void Run(IEnumerable<RecordedAnswer> answers)
    {
        foreach (IGrouping<(int Type, string Key), RecordedAnswer> entity in answers.Where(a => !a.IsPast)
            .GroupBy(a => (a.Type, a.Key)))
        {
            RecordedAnswer[] ordered = [.. entity.OrderBy(a => a.AnsweredMs)];
            foreach (RecordedAnswer later in ordered)
            {
                foreach ((TopicPartition partition, long offset) in ordered
                    .TakeWhile(a => a.AnsweredMs < later.Question.AskedMs).SelectMany(a => a.Applied))
                {
                    SourceReading source = later.Sources.FirstOrDefault(s => s.Partition == partition);
                    long reflected = later.Applied.GetValueOrDefault(partition, -1);
                    if (reflected < offset && !source.IsRebuilding)
                    {
                        throw new SimulationFailure(
                            $"{later.What}: it reflects {partition} up to {reflected}, an earlier answer did up to "
                            + $"{offset}, and it does not say that its state is being brought back");
                    }
                }
            }
        }
    }
}
