using ContextGrid.Contracts.Health.V1;
using ContextGrid.Integration.Tests.Grpc;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Grpc.Health;
using ServingStatus = ContextGrid.Contracts.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace ContextGrid.Server.Tests.Grpc;

public sealed class GrpcHealthTests
{
    [Fact]
    public async Task Watch_ChangesOfState_ArriveInOrder()
    {
        var health = new GrpcHealth();
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), health.Service);
        using var probe = new GrpcProbe(host.Target);
        var request = new ByteArrayContent(GrpcProbe.Frame(new HealthCheckRequest { Service = "s" }));
        using var response = await probe.StartAsync("/grpc.health.v1.Health/Watch", request, [], default);
        var body = await response.Content.ReadAsStreamAsync();
        Assert.Equal(ServingStatus.ServiceUnknown, await ReadAsync(body));
        health.Set("s", isServing: true);
        Assert.Equal(ServingStatus.Serving, await ReadAsync(body));
        health.Set("other", isServing: true);
        health.Set("s", isServing: true);
        health.Set("s", isServing: false);
        Assert.Equal(ServingStatus.NotServing, await ReadAsync(body));
    }

    [Fact]
    public async Task Check_BeforeSet_IsNotServing()
    {
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), new GrpcHealth().Service);
        using var probe = new GrpcProbe(host.Target);
        var answer = await probe.CallAsync("/grpc.health.v1.Health/Check", GrpcProbe.Frame(new HealthCheckRequest()));
        var response = HealthCheckResponse.Parser.ParseFrom(answer.Messages[0].Bytes);
        Assert.Equal(ServingStatus.NotServing, response.Status);
    }

    private static async Task<ServingStatus> ReadAsync(Stream body)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var prefix = new byte[5];
        await body.ReadExactlyAsync(prefix, limit.Token);
        var message = new byte[prefix[4]];
        await body.ReadExactlyAsync(message, limit.Token);
        return HealthCheckResponse.Parser.ParseFrom(message).Status;
    }
}
