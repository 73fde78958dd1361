using ContextGrid.Server.Grpc;
using Microsoft.AspNetCore.Http;

namespace ContextGrid.Server.Tests.Grpc;

public sealed class GrpcMetadataTests
{
    [Fact]
    public void From_Headers_KeepsCustomOnesOnly()
    {
        var headers = new HeaderDictionary
        {
            ["content-type"] = "application/grpc",
            ["te"] = "trailers",
            ["grpc-timeout"] = "1S",
            ["User-Agent"] = "test",
            ["x-bytes-bin"] = "AQI, AwQ=",
        };
        var metadata = GrpcMetadata.From(headers);
        Assert.Equal(3, metadata.Count);
        Assert.Equal("test", metadata.GetText("user-agent"));
        Assert.Equal([3, 4], metadata.GetBytes("x-bytes-bin"));
    }

    [Theory]
    [InlineData("Upper")]
    [InlineData("grpc-status")]
    [InlineData("with space")]
    [InlineData("x-bin")]
    [InlineData("")]
    public void Add_BadTextKey_IsRefused(string key) =>
        Assert.Throws<ArgumentException>(() => new GrpcMetadata().Add(key, "value"));

    [Theory]
    [InlineData("line\r\nbreak")]
    [InlineData("ümlaut")]
    public void Add_TextOutsideOfAscii_IsRefused(string value) =>
        Assert.Throws<ArgumentException>(() => new GrpcMetadata().Add("key", value));

    [Fact]
    public void Add_BytesUnderTextKey_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new GrpcMetadata().Add("key", [1]));
}
