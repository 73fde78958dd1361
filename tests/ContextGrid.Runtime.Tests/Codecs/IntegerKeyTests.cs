using System.Text;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Runtime.Tests.Codecs;

public sealed class IntegerKeyTests
{
    [Theory]
    [InlineData("0")]
    [InlineData("7")]
    [InlineData("-1")]
    [InlineData("9223372036854775807")]
    [InlineData("-9223372036854775808")]
    public void IsCanonical_DecimalDigits_AreAKey(string key) =>
        Assert.True(IntegerKey.IsCanonical(Encoding.UTF8.GetBytes(key)));

    [Theory]
    [InlineData("01001", "; did you mean '1001'?")]
    [InlineData("+7", "; did you mean '7'?")]
    [InlineData(" 7", "; did you mean '7'?")]
    [InlineData("7 ", "; did you mean '7'?")]
    [InlineData("7.0", "; did you mean '7'?")]
    [InlineData("1e3", "; did you mean '1000'?")]
    [InlineData("-0", "; did you mean '0'?")]
    [InlineData("abc", "such as 1001")]
    [InlineData("7.5", "such as 1001")]
    [InlineData("7a", "such as 1001")]
    [InlineData("9223372036854775808", "such as 1001")]
    [InlineData("٧", "such as 1001")]
    [InlineData("\"7\"", "such as 1001")]
    public void IsCanonical_AnotherForm_IsRefusedWithWhatWasMeant(string key, string end)
    {
        Assert.False(IntegerKey.IsCanonical(Encoding.UTF8.GetBytes(key)));
        Assert.EndsWith(end, IntegerKey.Fault(key, "meter"), StringComparison.Ordinal);
    }
}
