using System.Collections.Immutable;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Queries;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Services;

namespace ContextGrid.Server.Tests.Services;

/// <summary>Keys that no event can have are refused, whoever asks for them.</summary>
public sealed class IntegerKeyRequestTests
{
    private const string Yaml = """
        version: 1
        events:
          reading: {topic: readings, fields: {meter: int64, site: string}}
          visit: {topic: visits, fields: {site: int64}}
        entities:
          meter:
            from: {reading: meter}
            features: {n: reading | count()}
          site:
            from: {reading: site, visit: site}
            features: {n: reading | count()}

        """;

    private readonly ContextRequests _requests = new(
        PlanCompiler.Compile(DefinitionFiles.Parse("test.yaml", Yaml).Set!).ToImmutableArray()); // It is valid.

    [Theory]
    [InlineData("01001", "did you mean '1001'?")]
    [InlineData("+7", "did you mean '7'?")]
    [InlineData(" 7", "did you mean '7'?")]
    [InlineData("7.0", "did you mean '7'?")]
    [InlineData("abc", "its keys are integers of 64 bits in decimal digits, such as 1001.")]
    public void Fill_KeyThatIsNoInteger_IsRefusedWithWhatWasMeant(string key, string end)
    {
        foreach (string type in new[] { "meter", "meter@1" })
        {
            GrpcException refused = Assert.Throws<GrpcException>(() => Fill(type, key));

            Assert.Equal(GrpcStatus.InvalidArgument, refused.Status);
            Assert.StartsWith(
                $"entities[0].key: '{key}' is no key of 'meter'", refused.Message, StringComparison.Ordinal);
            Assert.EndsWith(end, refused.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("meter", "1001")]
    [InlineData("meter", "-5")]
    [InlineData("site", "01001")]
    [InlineData("site", "abc")]
    public void Fill_KeyThatAnEventCanHave_IsTaken(string type, string key) => Fill(type, key);

    private void Fill(string type, string key)
    {
        var request = new GetContextRequest { Entities = { new EntityRef { Type = type, Key = key } } };
        _requests.Fill(request, new ContextQuery());
    }
}
