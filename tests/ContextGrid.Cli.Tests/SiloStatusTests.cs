using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Grpc;

namespace ContextGrid.Cli.Tests;

/// <summary>What the status of a silo tells beyond that of an embedded host.</summary>
public sealed class SiloStatusTests
{
    [Fact]
    public async Task Status_OfSilo_TellsSilosReadersAndFaults()
    {
        var status = new GetStatusResponse { Version = "1.0", Ready = true, CheckpointTimeMs = 1_000 };
        status.Sources.Add(new SourceStatus
        {
            Topic = "payments", Reader = "S10.0.0.2:1:7", Fault = "no \u001b leader",
        });
        status.Counters["tombstones"] = 3;
        status.Silos.Add(new SiloStatus { Address = "10.0.0.1:1@9", Status = "Active", IsThis = true });
        status.Silos.Add(new SiloStatus { Address = "10.0.0.2:1@7", Status = "Dead" });
        await using var server = await FakeGrpcServer.StartAsync();
        server.On("/contextgrid.v1.AdminService/GetStatus", call => call.WriteAsync(status));

        var people = await CliRun.AtAsync(server, "status");

        Assert.Contains("S10.0.0.2:1:7", people.Out, StringComparison.Ordinal);
        Assert.Contains("no \\u001b leader", people.Out, StringComparison.Ordinal);
        Assert.Contains("10.0.0.1:1@9", people.Out, StringComparison.Ordinal);
        Assert.Contains("1 silo left or died in the last 10 minutes", people.Out, StringComparison.Ordinal);
        Assert.Contains("0 dead letters, 3 tombstones", people.Out, StringComparison.Ordinal);
        Assert.Contains("1970-01-01T00:00:01", people.Out, StringComparison.Ordinal);
    }
}
