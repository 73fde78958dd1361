using ContextGrid.Server.Grpc;

namespace ContextGrid.Server.Tests.Grpc;

public sealed class GrpcWireTextTests
{
    [Theory]
    [InlineData("1H", 36_000_000_000L)]
    [InlineData("2M", 1_200_000_000L)]
    [InlineData("3S", 30_000_000L)]
    [InlineData("100m", 1_000_000L)]
    [InlineData("50u", 500L)]
    [InlineData("1000n", 10L)]
    [InlineData("1n", 0L)]
    [InlineData("0S", 0L)]
    public void TryParseTimeout_EachUnit_GivesTicks(string text, long ticks)
    {
        Assert.True(GrpcWireText.TryParseTimeout(text, out var timeout));
        Assert.Equal(ticks, timeout.Ticks);
    }

    [Fact]
    public void TryParseTimeout_LongerThanTimers_IsCut()
    {
        Assert.True(GrpcWireText.TryParseTimeout("99999999H", out var timeout));
        Assert.Equal(GrpcWireText.TimeoutMax, timeout);
    }

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("10")]
    [InlineData("-1S")]
    [InlineData("+1S")]
    [InlineData("1.5S")]
    [InlineData("1 S")]
    [InlineData("1s")]
    [InlineData("123456789S")]
    public void TryParseTimeout_Malformed_IsRefused(string text) =>
        Assert.False(GrpcWireText.TryParseTimeout(text, out _));

    [Theory]
    [InlineData("plain text!", "plain text!")]
    [InlineData("100%", "100%25")]
    [InlineData("\ttest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n",
        "%09test with whitespace%0D%0Aand Unicode BMP %E2%98%BA and non-BMP %F0%9F%98%88%09%0A")]
    public void PercentEncode_Text_KeepsPrintableAscii(string text, string expected) =>
        Assert.Equal(expected, GrpcWireText.PercentEncode(text));

    [Theory]
    [InlineData("AQI=")]
    [InlineData("AQI")]
    public void FromBase64_WithOrWithoutPadding_GivesBytes(string text) =>
        Assert.Equal([1, 2], GrpcWireText.FromBase64("key-bin", text));

    [Fact]
    public void FromBase64_NoBase64_NamesTheKey()
    {
        var e = Assert.Throws<GrpcException>(() => GrpcWireText.FromBase64("key-bin", "$"));
        Assert.Contains("key-bin", e.Message);
    }
}
