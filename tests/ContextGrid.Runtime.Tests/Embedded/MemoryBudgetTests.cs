namespace ContextGrid.Runtime.Tests.Embedded;

/// <summary>More entities than memory: answers are those of a grid that keeps everything.</summary>
public sealed class MemoryBudgetTests
{
    private const int Seeds = 24;
    private const int Steps = 60;

    [Fact]
    public async Task Run_RandomEventsCheckpointsQuestionsAndCrashes_AnswersAsIfAllWereInMemory()
    {
        long passivated = 0, activated = 0;
        for (int seed = 0; seed < Seeds; seed++)
        {
            await using MemoryWorld world = await MemoryWorld.MakeAsync(seed);
            try
            {
                for (int step = 0; step < Steps; step++)
                {
                    await world.StepAsync();
                }

                await world.CheckAllAsync();
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
            }

            (passivated, activated) = (passivated + world.Passivated, activated + world.Activated);
        }

        Assert.True(passivated > 1000 && activated > 1000, $"{passivated} left, {activated} came back: too few.");
    }
}
