using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Core.Tests.Expressions;

public sealed class RoundTests
{
    private static readonly Value[] NoSlots = [];

    [Fact]
    public void Round_RandomNumbers_IsTheShortestDecimalRoundedByHand()
    {
        for (int seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            double value = Number(random);
            int digits = random.Next(16);
            OracleExpression literal = OracleExpression.Literal((long)digits);
            object? right = OracleEvaluator.Evaluate(
                OracleExpression.Call("round", OracleExpression.Of("x"), literal), _ => value);
            Value actual = NumberFunctions.Round(Value.Of(value), digits);
            bool isSame = right is double number && number == actual.Double;
            Assert.True(isSame, $"seed {seed}: {value:R} to {digits}: {actual}");
        }
    }

    [Fact]
    public void Round_Twice_ChangesNothingMore()
    {
        for (int seed = 0; seed < 5_000; seed++)
        {
            var random = new Random(seed);
            int digits = random.Next(16);
            Value once = NumberFunctions.Round(Value.Of(Number(random)), digits);
            Assert.True(once.Double == NumberFunctions.Round(once, digits).Double, $"seed {seed}: {once} to {digits}");
        }
    }

    [Fact]
    public void Round_Warm_AllocatesNothing()
    {
        Expression rounded = ExpressionTestScope.Parse("round(2.675, 2)");
        var scratch = new ExpressionScratch();
        long allocated = long.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            rounded.Evaluate(NoSlots, scratch);
            NumberFunctions.Round(Value.Of(90071992547.409925), 5);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    // Prices with one digit too many, sums of prices, and any double.
    private static double Number(Random random) => random.Next(4) switch
    {
        0 => (random.Next(-2_000_000, 2_000_000) + 0.5) / 1_000,
        1 => random.Next(1_000) * 0.1 * random.Next(1_000),
        2 => random.NextDouble() * Math.Pow(10, random.Next(-20, 20)),
        _ => BitConverter.Int64BitsToDouble(random.NextInt64(0x7FEF_FFFF_FFFF_FFFF)),
    };
}
