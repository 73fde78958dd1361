using System.Globalization;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;
using ContextGrid.Core.Tests.Expressions;
using FsCheck;
using FsCheck.Fluent;

namespace ContextGrid.Core.Tests.Definitions;

public sealed class FeatureTextTests
{
    private static readonly string[] Windows =
    [
        "", " over 90s", " over 1w", " over 36h exact", " over 1h resolution 10s", " over 1h resolution 2m",
        " over tumbling 24h", " over hopping 60m every 300s", " over session 1800s", " over 1500ms",
    ];

    [Fact]
    public void Print_RandomFeature_ParsesToTheSameText() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), PrintsWhatItParses)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    [Theory]
    [InlineData("test | count() over 1w", "test | count() over 7d", ValueKind.Int64)]
    [InlineData("test|sum( i )over 60m", "test | sum(i) over 1h", ValueKind.Int64)]
    [InlineData("test | sum(i * x)", "test | sum(i * x)", ValueKind.Double)]
    [InlineData("test | max(s) over 1h resolution 2m", "test | max(s) over 1h", ValueKind.String)]
    [InlineData("test | last(at)", "test | last(at)", ValueKind.Timestamp)]
    [InlineData("test | first(b)", "test | first(b)", ValueKind.Bool)]
    [InlineData("test | avg(i)", "test | avg(i)", ValueKind.Double)]
    [InlineData("test | distinct(s)", "test | distinct(s)", ValueKind.Int64)]
    [InlineData("test | top_k(x, 3)", "test | top_k(x, 3)", ValueKind.List)]
    [InlineData("test | histogram(x, -1, 0, 2.5)", "test | histogram(x, -1, 0, 2.5)", ValueKind.List)]
    [InlineData("test | ewma(x, 90s)", "test | ewma(x, 90s)", ValueKind.Double)]
    [InlineData("test | max_by(s, at)", "test | max_by(s, at)", ValueKind.String)]
    [InlineData("test | delta(i)", "test | delta(i)", ValueKind.Int64)]
    [InlineData("test | since_last()", "test | since_last()", ValueKind.Double)]
    [InlineData("test | rate() over 5m", "test | rate() over 5m", ValueKind.Double)]
    [InlineData("test | count(l)", "test | count(l)", ValueKind.Int64)]
    [InlineData("test | sum(i) by lower(s) top 3", "test | sum(i) by lower(s) top 3", ValueKind.Map)]
    [InlineData("test | sum(`odd name`)", "test | sum(`odd name`)", ValueKind.Int64)]
    public void Parse_FeatureLine_HasTypeAndCanonicalText(string line, string canonical, ValueKind type)
    {
        FeatureDefinition feature = DefinitionTestSet.Feature(line);

        Assert.Equal(canonical, FeatureText.Print(DefinitionTestSet.Set, DefinitionTestSet.Entity, feature));
        Assert.Equal(type, feature.Type);
    }

    [Theory]
    [InlineData("over 90s", WindowKind.Sliding, 90_000, 2_000, false)]
    [InlineData("over 24s", WindowKind.Sliding, 24_000, 1_000, false)]
    [InlineData("over 7d", WindowKind.Sliding, 604_800_000, 21_600_000, false)]
    [InlineData("over 1h exact", WindowKind.Sliding, 3_600_000, 120_000, true)]
    [InlineData("over 1h resolution 30s", WindowKind.Sliding, 3_600_000, 30_000, false)]
    [InlineData("over tumbling 1d", WindowKind.Tumbling, 86_400_000, 86_400_000, false)]
    [InlineData("over hopping 1h every 5m", WindowKind.Hopping, 3_600_000, 300_000, false)]
    [InlineData("over session 30m", WindowKind.Session, 1_800_000, 1_800_000, false)]
    [InlineData("", WindowKind.Lifetime, 0, 0, false)]
    public void Parse_Window_HasSizeAndTile(string window, WindowKind kind, long sizeMs, long tileMs, bool exact)
    {
        var feature = (AggregateFeature)DefinitionTestSet.Feature("test | count() " + window);

        Assert.Equal(new WindowDefinition(kind, sizeMs, tileMs, exact), feature.Window);
    }

    [Theory]
    [InlineData("(", 5_000)]
    [InlineData("not ", 1_000)]
    [InlineData("-", 1_000)]
    [InlineData("abs(", 1_000)]
    [InlineData("i + ", 1_000)]
    public void Parse_DeepOrLongExpression_IsRefusedOrBounded(string part, int count)
    {
        var errors = new LanguageErrors();
        string text = string.Concat(Enumerable.Repeat(part, count)) + "i";

        Expression? expression = ExpressionText.Parse(text, ExpressionTestScope.Scope, errors);

        Assert.True(errors.Any ? expression is null : expression?.ToString() == text);
    }

    private static void PrintsWhatItParses(int seed)
    {
        var random = new Random(seed);
        string line = RandomLine(random);
        FeatureDefinition feature = DefinitionTestSet.Feature(line);

        string printed = FeatureText.Print(DefinitionTestSet.Set, DefinitionTestSet.Entity, feature);

        FeatureDefinition again = DefinitionTestSet.Feature(printed);
        Assert.Equal(printed, FeatureText.Print(DefinitionTestSet.Set, DefinitionTestSet.Entity, again));
        Assert.Equal(feature.Type, again.Type);
        Assert.Equal((feature as AggregateFeature)?.Window, (again as AggregateFeature)?.Window);
    }

    private static string RandomLine(Random random)
    {
        AggregateSignature signature = AggregateSignature.All[random.Next(AggregateSignature.All.Length)];
        ValueKind input = random.Next(2) == 0 ? ValueKind.Int64 : ValueKind.Double;
        bool isBare = signature.Input == AggregateInput.None
            || (signature.Input >= AggregateInput.OptionalAny && signature.Input <= AggregateInput.OptionalNumber
                && random.Next(2) == 0);
        string x = isBare ? "" : RandomExpression.Of(input, random.Next(3), random).Text;
        string parameter = signature.Parameter switch
        {
            AggregateParameter.Count => ", " + random.Next(1, 257).ToString(CultureInfo.InvariantCulture),
            AggregateParameter.OrderBy => ", " + RandomExpression.Of(ValueKind.String, 1, random).Text,
            AggregateParameter.Quantile => ", " + random.NextDouble().ToString("R", CultureInfo.InvariantCulture),
            AggregateParameter.HalfLife => ", " + (random.Next(1, 100_000) + "ms"),
            AggregateParameter.Edges => ", -1e300, -0.5, 0, 3, 1e17",
            _ => "",
        };
        string by = random.Next(2) == 0 ? "" : " by " + RandomExpression.Of(ValueKind.String, 1, random).Text;
        string top = by.Length == 0 || random.Next(2) == 0 ? "" : " top 7";
        string window = signature.Kind == AggregateKind.Rate ? " over 5m" : Windows[random.Next(Windows.Length)];
        string where = random.Next(2) == 0 ? "" : " where " + RandomExpression.Of(ValueKind.Bool, 2, random).Text;
        return $"test | {signature.Name}({x}{parameter}){by}{top}{window}{where}";
    }
}
