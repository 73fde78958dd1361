using ContextGrid.Core.Expressions;

namespace ContextGrid.Core.Tests.Expressions;

public sealed class ElementaryMathTests
{
    [Fact]
    public void LogAndExp_OverTheirRange_StayWithinOneUnitOfThePlatform()
    {
        var random = new Random(20);
        for (int i = 0; i < 20_000; i++)
        {
            double x = Math.ScaleB(1 + random.NextDouble(), random.Next(-1_074, 1_023));
            AssertNear(Math.Log(x), Evaluate("log(x)", x), x);
            double y = (random.NextDouble() - 0.5) * 1_400;
            AssertNear(Math.Exp(y), Evaluate("exp(x)", y), y);
            double z = 1 + ((random.NextDouble() - 0.5) / (1 << random.Next(30)));
            AssertNear(Math.Log(z), Evaluate("log(x)", z), z);
        }
    }

    private static double Evaluate(string text, double x)
    {
        Model.Value[] values = ExpressionTestScope.Values();
        values[2] = Model.Value.Of(x);
        return ExpressionTestScope.Parse(text).Evaluate(values, new ExpressionScratch()).Double;
    }

    private static void AssertNear(double expected, double actual, double argument)
    {
        // The platform's own error is below one unit, so the distance of two such results is at most two.
        double unit = Math.Max(Math.BitIncrement(Math.Abs(expected)) - Math.Abs(expected), double.Epsilon);
        Assert.True(Math.Abs(expected - actual) <= 2 * unit, $"{argument:R}: {actual:R} instead of {expected:R}");
    }
}
