using System.Globalization;
using ContextGrid.Cli.Output;

namespace ContextGrid.Cli.Tests;

public sealed class UnitsTests
{
    [Theory]
    [InlineData(12_345_678_901.75, "12345678901.75")]
    [InlineData(1e16, "10000000000000000")]
    [InlineData(-1.25e17, "-125000000000000000")]
    [InlineData(1e20, "100000000000000000000")]
    [InlineData(1e21, "1E+21")]
    [InlineData(0.1, "0.1")]
    [InlineData(0.00001, "0.00001")]
    [InlineData(-1.5e-7, "-0.00000015")]
    [InlineData(1e-8, "1E-08")]
    [InlineData(0.30000000000000004, "0.30000000000000004")]
    [InlineData(5, "5")]
    [InlineData(-0.0, "-0")]
    public void Number_Double_HasTheFewestDigitsThatNameIt(double value, string expected)
    {
        Assert.Equal(expected, Units.Number(value));
        Assert.Equal(value, double.Parse(Units.Number(value), CultureInfo.InvariantCulture));
    }
}
