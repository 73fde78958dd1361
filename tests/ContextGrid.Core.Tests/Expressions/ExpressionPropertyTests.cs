using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;
using FsCheck;
using FsCheck.Fluent;

namespace ContextGrid.Core.Tests.Expressions;

/// <summary>
/// Each property takes a seed, which FsCheck prints when it fails: call the checked method with it to rerun.
/// </summary>
public sealed class ExpressionPropertyTests
{
    private const int DepthMax = 5;
    private const int RowsPerExpression = 8;

    private static readonly ValueKind[] Types = [ValueKind.Int64, ValueKind.Double, ValueKind.String, ValueKind.Bool];

    private static readonly Arbitrary<int> Seeds = Gen.Choose(0, int.MaxValue).ToArbitrary();

    [Fact]
    public void Evaluate_RandomExpression_EqualsNaiveReference() =>
        Prop.ForAll(Seeds, EvaluatesLikeReference).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void ToString_ParsedAndPrintedAgain_IsIdentical() =>
        Prop.ForAll(Seeds, PrintsWhatItParses).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    private static void EvaluatesLikeReference(int seed)
    {
        var random = new Random(seed);
        ValueKind type = Types[random.Next(Types.Length)];
        RandomExpression expected = RandomExpression.Of(type, random.Next(DepthMax), random);
        Expression parsed = ExpressionTestScope.Parse(expected.Text);
        Expression reparsed = ExpressionTestScope.Parse(parsed.ToString());
        var scratch = new ExpressionScratch();
        for (int i = 0; i < RowsPerExpression; i++)
        {
            object?[] row = RandomExpression.Row(random);
            Value[] slots = [.. row.Select(RandomExpression.ToValue)];
            string wanted = RandomExpression.ToValue(expected.Meaning(row)).ToString();
            Assert.Equal(wanted, parsed.Evaluate(slots, scratch).ToString());
            Assert.Equal(wanted, reparsed.Evaluate(slots, scratch).ToString());
        }
    }

    private static void PrintsWhatItParses(int seed)
    {
        var random = new Random(seed);
        RandomExpression source = RandomExpression.Of(Types[random.Next(Types.Length)], random.Next(DepthMax), random);
        Expression parsed = ExpressionTestScope.Parse(source.Text);

        string printed = parsed.ToString();

        Assert.Equal(printed, ExpressionTestScope.Parse(printed).ToString());
        Assert.Equal(parsed.Type, ExpressionTestScope.Parse(printed).Type);
    }
}
