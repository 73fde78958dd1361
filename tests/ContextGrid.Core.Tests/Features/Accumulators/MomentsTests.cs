using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Accumulators;
using ContextGrid.Core.Model;

namespace ContextGrid.Core.Tests.Features.Accumulators;

public sealed class MomentsTests
{
    [Fact]
    public void Sum_RandomDoubles_IsTheExactSumRounded()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            double scale = Math.ScaleB(1, random.Next(-1000, 900));
            double[] values =
                [.. Enumerable.Range(0, random.Next(1, 60)).Select(_ => (random.NextDouble() - 0.5) * scale)];
            Rational exact = values.Select(Rational.Of).Aggregate((a, b) => a + b);
            AssertClose(exact, Compute(AggregateKind.Sum, values), 0, seed);
        }
    }

    /// <summary>Sums of which the quotient is half way between two doubles, or a hair beside.</summary>
    [Fact]
    public void AvgAndRate_QuotientsThatAreTies_AreRoundedOnce()
    {
        for (int seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            double scale = Math.ScaleB(1, random.Next(3) == 0 ? -1074 : random.Next(-900, 900));
            double size = random.NextInt64(1L << 52, 1L << 53) * scale;
            double least = Math.BitIncrement(size) - size;
            double[] values =
            [
                size, size + least * random.Next(4), least * random.Next(2) / 2,
                .. Enumerable.Repeat(0.0, random.Next(12)),
            ];
            values = [.. values.Where(double.IsFinite)];
            Rational sum = values.Select(Rational.Of).Aggregate((a, b) => a + b);
            double mean = (sum / Rational.Of((long)values.Length)).ToDouble();
            Assert.True(mean.Equals(Compute(AggregateKind.Avg, values).Double), $"seed {seed}: {mean:R}");
            long windowMs = random.NextInt64(1_000, 400L * 86_400_000);
            Rational seconds = Rational.Of(windowMs) / Rational.Of(1_000L);
            Assert.Equal((sum / seconds).ToDouble(), Rate(TestRows.Of(values), ValueKind.Double, windowMs));
            long[] integers = [.. values.Select(_ => random.NextInt64(long.MinValue, long.MaxValue))];
            Rational total = integers.Select(Rational.Of).Aggregate((a, b) => a + b);
            TestRow[] rows = TestRows.Of([.. integers.Select(Value.Of)]);
            Assert.Equal((total / seconds).ToDouble(), Rate(rows, ValueKind.Int64, windowMs));
            Assert.Equal(
                (total / Rational.Of((long)integers.Length)).ToDouble(),
                Compute(AggregateKind.Avg, ValueKind.Int64, rows).Double);
        }
    }

    [Theory]
    [InlineData(new[] { 1e308, 1e308 }, null)]
    [InlineData(new[] { 1e308, 1e308, -1e308 }, 1e308)]
    [InlineData(new[] { 5e-324, 5e-324 }, 1e-323)]
    [InlineData(new[] { -0.0 }, 0.0)]
    [InlineData(new[] { 1e20, 0.5, -1e20 }, 0.5)]
    [InlineData(new[] { 0.1, 0.2, 0.3 }, 0.6)]
    public void Sum_ExtremeNumbers_IsRightOrNull(double[] values, double? expected)
    {
        Value sum = Compute(AggregateKind.Sum, values);
        Assert.Equal(expected is null, sum.IsNull);
        Assert.Equal(expected ?? 0, sum.Double);
    }

    [Fact]
    public void Sum_Integers_AreExactOrNullOutOfRange()
    {
        Value big = Value.Of(long.MaxValue), one = Value.Of(1L);
        Assert.Equal(long.MaxValue, Compute(AggregateKind.Sum, ValueKind.Int64, TestRows.Of(big)).Int64);
        Assert.True(Compute(AggregateKind.Sum, ValueKind.Int64, TestRows.Of(big, one)).IsNull);
        Value back = Compute(AggregateKind.Sum, ValueKind.Int64, TestRows.Of(big, one, Value.Of(-1L)));
        Assert.Equal(long.MaxValue, back.Int64);
    }

    [Theory]
    [InlineData(0.0, 1.0)]
    [InlineData(1e9, 1.0)]
    [InlineData(1e3, 1.0)]
    [InlineData(1e5, 1.0)]
    [InlineData(1e15, 1.0)]
    [InlineData(-3e5, 1e-4)]
    [InlineData(0.0, 1e300)]
    [InlineData(0.0, 1e-300)]
    [InlineData(1e100, 1e90)]
    public void Moments_RandomDoubles_AreExactWithoutCancellation(double mean, double deviation)
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            double[] values =
                [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => mean + deviation * random.NextDouble())];
            CheckMoments([.. values.Select(Rational.Of)], ValueKind.Double, TestRows.Of(values), seed);
        }
    }

    [Fact]
    public void Moments_LargeIntegers_AreExactWithoutCancellation()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            long[] values = [.. Enumerable.Range(0, 20).Select(_ => 4_000_000_000_000_000_000 + random.Next(1000))];
            CheckMoments(
                [.. values.Select(Rational.Of)], ValueKind.Int64, TestRows.Of([.. values.Select(Value.Of)]), seed);
        }
    }

    private static void CheckMoments(Rational[] values, ValueKind kind, TestRow[] rows, int seed)
    {
        Rational n = Rational.Of((long)values.Length);
        Rational mean = values.Aggregate((a, b) => a + b) / n;
        Rational Central(int power) => values
            .Select(x => Enumerable.Repeat(x - mean, power).Aggregate((a, b) => a * b))
            .Aggregate((a, b) => a + b) / n;
        Rational m2 = Central(2);
        AssertClose(mean, Compute(AggregateKind.Avg, kind, rows), 1e-15, seed);
        AssertClose(m2, Compute(AggregateKind.Variance, kind, rows), 1e-15, seed);
        if (m2.Numerator.IsZero)
        {
            Assert.True(Compute(AggregateKind.Skew, kind, rows).IsNull);
            Assert.True(Compute(AggregateKind.Kurtosis, kind, rows).IsNull);
            return;
        }

        // The third and fourth power sums keep 128 bits, so their moments need a mean within 10^6 deviations.
        if ((mean * mean / m2).ToDouble() > 1e12)
        {
            return;
        }

        // Skew squared is rational.
        Rational m3 = Central(3);
        double skewMagnitude = Math.Sqrt((m3 * m3 / (m2 * m2 * m2)).ToDouble());
        double skew = Compute(AggregateKind.Skew, kind, rows).Double;
        Assert.True(Math.Abs(Math.Abs(skew) - skewMagnitude) <= 1e-12 * skewMagnitude + 1e-13, $"seed {seed}");
        Assert.True(skew * m3.Numerator.Sign >= 0, $"seed {seed}");
        Rational kurtosis = Central(4) / (m2 * m2) - Rational.Of(3L);
        double actual = Compute(AggregateKind.Kurtosis, kind, rows).Double;
        Assert.True(Math.Abs(actual - kurtosis.ToDouble()) <= 1e-11, $"seed {seed}: {actual}");
    }

    private static void AssertClose(Rational expected, Value actual, double relative, int seed)
    {
        double number = expected.ToDouble();
        Assert.Equal(double.IsInfinity(number), actual.IsNull);
        bool close = actual.IsNull || Math.Abs(number - actual.Double) <= relative * Math.Abs(number) + double.Epsilon;
        Assert.True(close, $"seed {seed}: {number:R} is not {actual}");
    }

    private static double Rate(TestRow[] rows, ValueKind input, long windowMs)
    {
        var call = new AggregateCall(AggregateKind.Rate, new LiteralExpression(Value.Of(1.0)), null, 0, 0, 0, []);
        Accumulator[] cells =
        [
            .. AggregateState.Required(call, 0, input, -1).Select(spec => TestRows.Filled(spec, rows)),
        ];
        return AggregateResult.Compute(call, cells, new ResultContext(0, windowMs, 0, input), new ResultArena()).Double;
    }

    private static Value Compute(AggregateKind kind, double[] values) =>
        Compute(kind, ValueKind.Double, TestRows.Of(values));

    private static Value Compute(AggregateKind kind, ValueKind input, TestRow[] rows)
    {
        var call = new AggregateCall(kind, null, null, 0, 0, 0, []);
        Accumulator[] cells =
        [
            .. AggregateState.Required(call, 0, input, -1).Select(spec => TestRows.Filled(spec, rows)),
        ];
        return AggregateResult.Compute(call, cells, new ResultContext(0, 0, 0, input), new ResultArena());
    }
}
