using System.Collections.Immutable;
using ContextGrid.TestKit.Oracle;

namespace ContextGrid.Core.Tests.Oracle;

/// <summary>The oracle against answers computed by hand: who judges must be judged first.</summary>
public sealed class FeatureOracleTests
{
    private const long Minute = 60_000;

    // Time, amount, country. 10:00 = 600 minutes. The last two are at the same time, in partition order.
    private static readonly (long Ms, object? Amount, object? Country)[] Payments =
    [
        (600 * Minute, 10.0, "DE"), (601 * Minute, 30.0, "FR"), (602 * Minute, null, "DE"), (660 * Minute, 20.0, null),
        (662 * Minute, 40.0, "DE"), (662 * Minute, 5.0, "GB"),
    ];

    [Theory]
    [InlineData("count()", "6")]
    [InlineData("count(amount)", "5")]
    [InlineData("sum(amount)", "105.0")]
    [InlineData("min(amount)", "5.0")]
    [InlineData("max(country)", "\"GB\"")]
    [InlineData("avg(amount)", "21.0")]
    [InlineData("variance(amount)", "164.0")]
    [InlineData("first(amount)", "10.0")]
    [InlineData("last(country)", "\"GB\"")]
    [InlineData("first_n(amount, 2)", "[10.0, 30.0]")]
    [InlineData("last_n(amount, 2)", "[5.0, 40.0]")]
    [InlineData("min_by(country, amount)", "\"GB\"")]
    [InlineData("max_by(country, amount)", "\"DE\"")]
    [InlineData("distinct(country)", "3")]
    [InlineData("distinct_exact(country)", "3")]
    [InlineData("quantile(amount, 0.5)", "20.0")]
    [InlineData("quantile(amount, 0.6)", "20.0")]
    [InlineData("quantile(amount, 0.61)", "30.0")]
    [InlineData("histogram(amount, 10, 30)", "[1, 2, 2]")]
    [InlineData("top_k(amount, 2)", "[40.0, 30.0]")]
    [InlineData("bottom_k(amount, 2)", "[5.0, 10.0]")]
    [InlineData("most_frequent(country, 2)", "[\"DE\", \"FR\"]")]
    [InlineData("unique_list(country, 2)", "[\"GB\", \"DE\"]")]
    [InlineData("since_last()", "480.0")]
    [InlineData("delta(amount)", "-5.0")]
    [InlineData("count() over 10m", "3")]
    [InlineData("count() over 11m exact", "3")]
    [InlineData("count() over 10m exact", "2")]
    [InlineData("count() over tumbling 1h", "3")]
    [InlineData("count() over hopping 1h every 30m", "3")]
    [InlineData("count() over hopping 10m every 5m", "0")]
    [InlineData("count() over session 8m", "3")]
    [InlineData("count() over session 58m", "6")]
    [InlineData("count() over session 57m", "3")]
    [InlineData("count() over session 7m", "0")]
    [InlineData("rate() over tumbling 1h", "0.0008333333333333334")]
    [InlineData("sum(amount) by country top 2", "{\"DE\": 50.0, \"FR\": 30.0}")]
    [InlineData("count() by country", "{\"DE\": 3, \"FR\": 1, \"GB\": 1}")]
    [InlineData("sum(amount) where country == \"DE\" and amount > 10", "40.0")]
    [InlineData("count() where not (country == \"DE\")", "2")]
    [InlineData("skew(amount)", "0.20569227175572508")]
    [InlineData("kurtosis(amount)", "-1.385930993456276")]
    public void Ask_HandComputed_IsRight(string feature, string expected)
    {
        OracleAnswer answer = Ask("payment | " + feature, 670 * Minute);
        Assert.Equal(expected, OracleText.Of(answer.Value));
    }

    [Fact]
    public void Ask_Ewma_WeighsByAge()
    {
        // Of the two events 1 minute apart with a half-life of 1 minute the older counts half: (0.5·10 + 30) / 1.5.
        OracleAnswer answer = Ask("payment | ewma(amount, 1m)", 601 * Minute);
        Assert.Equal(35.0 / 1.5, Assert.IsType<double>(answer.Value), 1e-12);
    }

    [Theory]
    [InlineData("count() over 5m", 670, OracleStatus.Expired)]
    [InlineData("sum(amount) over 5m", 664, OracleStatus.Present)]
    [InlineData("sum(amount) over 1m exact", 602, OracleStatus.Null)]
    [InlineData("sum(amount) where country == \"XX\"", 670, OracleStatus.NeverSeen)]
    public void Ask_Status_IsRight(string feature, long minute, OracleStatus status) =>
        Assert.Equal(status, Ask("payment | " + feature, minute * Minute).Status);

    [Fact]
    public void Ask_NobodyAtAll_IsNeverSeen()
    {
        var oracle = new FeatureOracle(Entity());
        OracleAnswer answer = oracle.Ask("nobody", OracleParser.Feature("f", "payment | sum(amount)"), 0);
        Assert.Equal(
            (null, OracleStatus.NeverSeen, OracleAnswer.NoEventMs), (answer.Value, answer.Status, answer.EventTimeMs));
    }

    [Theory]
    [InlineData("payment | sum((amount * qty)) by country top 3 over 1h resolution 5m where (not (flag in (true)))")]
    [InlineData("payment | ewma(amount, 90s) over session 30m")]
    [InlineData("payment | count() over hopping 1h every 10m where (country == \"a \\\" b\")")]
    [InlineData("(a / max(b, 1.0))")]
    public void Feature_ParsedAndPrinted_IsTheSame(string text) =>
        Assert.Equal(text, OracleParser.Feature("f", text).ToText());

    [Fact]
    public void ExactNumber_Doubles_RoundTrip()
    {
        var random = new Random(1);
        for (int i = 0; i < 2_000; i++)
        {
            double value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (double.IsFinite(value))
            {
                Assert.Equal(value, ExactNumber.Of(value).ToDouble());
            }
        }
    }

    [Fact]
    public void ExactNumber_Sum_RoundsOnceToEven()
    {
        // 1 + 2^-53 is half way: to even is 1; a hair more is the next double.
        ExactNumber half = ExactNumber.Of(1.0) + ExactNumber.Of(Math.ScaleB(1, -53));
        Assert.Equal(1.0, half.ToDouble());
        Assert.Equal(Math.BitIncrement(1.0), (half + ExactNumber.Of(double.Epsilon)).ToDouble());
        Assert.Equal(double.PositiveInfinity, (ExactNumber.Of(double.MaxValue) + ExactNumber.Of(1e300)).ToDouble());
    }

    private static OracleEntity Entity() =>
        new("user", ImmutableDictionary<string, string>.Empty.Add("payment", "user"), 0, []);

    private static OracleAnswer Ask(string feature, long headMs)
    {
        var oracle = new FeatureOracle(Entity());
        for (int i = 0; i < Payments.Length; i++)
        {
            var fields = new Dictionary<string, object?>
            {
                ["user"] = "u1",
                ["amount"] = Payments[i].Amount,
                ["country"] = Payments[i].Country,
            };
            oracle.Add(new OracleEvent("payment", Payments[i].Ms, "payments", i / 5, i, fields));
        }

        return oracle.Ask("u1", OracleParser.Feature("f", feature), headMs);
    }
}
