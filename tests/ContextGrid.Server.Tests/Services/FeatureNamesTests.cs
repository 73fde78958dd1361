using System.Net;
using ContextGrid.Contracts.V1;
using ContextGrid.Server.Tests.Grpc;
using ContextGrid.Server.Tests.Http;

namespace ContextGrid.Server.Tests.Services;

/// <summary>A name of a feature may be any text: what one client asks must not change what another is answered.
/// </summary>
public sealed class FeatureNamesTests(HttpFixture server) : IClassFixture<HttpFixture>
{
    [Fact]
    public async Task Context_ByHttpWithNamesOfAnyText_AnswersEachListAsAList()
    {
        await server.PublishAsync(HttpFixture.Event("odd", 2.5), 1);
        await FeatureNameLists.CheckAsync(server.Client, "odd", ("payments", "1"), ("spend", "2.5"));
    }

    [Fact]
    public async Task Context_ByGrpcWithNamesOfAnyText_AnswersEachListAsAList()
    {
        await server.PublishAsync(HttpFixture.Event("odd-grpc", 2.5), 1);
        using var probe = new GrpcProbe(new Uri(server.Server.GrpcAddress).Authority);
        foreach (string[] names in FeatureNameLists.Of("payments", "spend").Where(l => l.Length > 0))
        {
            var request = new GetContextRequest
            {
                Entities =
                {
                    new EntityRef { Type = "user", Key = "odd-grpc" }, new EntityRef { Type = "user", Key = "-" },
                },
                Features = { names },
            };
            GrpcProbeAnswer answer = await probe.CallAsync(
                "/contextgrid.v1.ContextService/GetContext", GrpcProbe.Frame(request));
            Assert.Equal("0", answer.Status);
            GetContextResponse read = GetContextResponse.Parser.ParseFrom(answer.Messages[0].Bytes);
            Assert.Equal(names, Assert.Single(read.Types_).Features);
            Assert.Equal(
                names.Select(n => n is "payments" or "spend" ? FeatureStatus.Present : FeatureStatus.UnknownFeature),
                read.Entities[0].Statuses);
            Assert.Equal(names.Length, read.Entities[1].Statuses.Count);
        }
    }
}
