namespace ContextGrid.Orleans.Tests;

/// <summary>Silos that come and go, in this process.</summary>
public sealed class SiloTests
{
    [Fact]
    public async Task Start_OneSilo_AnswersWhatWasPublished()
    {
        await using var cluster = new ClusterFixture();
        await cluster.PublishAsync(users: 300, events: 2_000);
        await using SiloHost silo = await cluster.StartAsync();
        await cluster.RequireAsync(silo);
        await cluster.PublishAsync(users: 300, events: 2_000);
        await cluster.RequireAsync(silo);
    }

    [Fact]
    public async Task Start_AfterAnOrderlyStop_GoesOn()
    {
        await using var cluster = new ClusterFixture();
        await cluster.PublishAsync(users: 300, events: 2_000);
        await using (SiloHost first = await cluster.StartAsync())
        {
            await cluster.RequireAsync(first);
        }

        await cluster.PublishAsync(users: 400, events: 1_000);
        await using SiloHost second = await cluster.StartAsync();
        await cluster.RequireAsync(second);
    }

    // Nothing becomes durable: what the third had in memory is lost, and comes again out of the log.
    [Fact]
    public async Task Crash_BeforeAnyCheckpoint_EntitiesThatAreLostAreFoundOutAndComeAgain()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync(TimeSpan.FromHours(1));
        await using SiloHost second = await cluster.StartAsync(TimeSpan.FromHours(1));
        SiloHost third = await cluster.StartAsync(TimeSpan.FromHours(1));
        await cluster.PublishAsync(users: 300, events: 2_000);
        await cluster.RequireAsync(third);
        await third.CrashAsync();
        await cluster.PublishAsync(users: 300, events: 500);
        await cluster.RequireAsync(first);
        await cluster.RequireAsync(second);
    }

    [Fact]
    public async Task Crash_OneOfThreeSilos_TheOthersTakeItsPartitionsAndEntities()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await cluster.StartAsync();
        await using SiloHost second = await cluster.StartAsync();
        SiloHost third = await cluster.StartAsync();
        await cluster.PublishAsync(users: 300, events: 2_000);
        await cluster.RequireAsync(third);
        await cluster.PublishAsync(users: 300, events: 500);
        await third.CrashAsync();
        await cluster.PublishAsync(users: 300, events: 500);
        await cluster.RequireAsync(first);
        await cluster.RequireAsync(second);
        await using SiloHost fourth = await cluster.StartAsync();
        await cluster.PublishAsync(users: 300, events: 500);
        await cluster.RequireAsync(fourth);
    }
}
