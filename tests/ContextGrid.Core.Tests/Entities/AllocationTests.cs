namespace ContextGrid.Core.Tests.Entities;

/// <summary>
/// Once an entity has seen a few windows of events, nothing on the paths of events and answers allocates: applying,
/// reading and writing a snapshot. Time advances all along, so blocks become dense and tiles expire and are reused.
/// </summary>
public sealed class AllocationTests
{
    private const int RoundEvents = 500;
    private const int RoundsToWarmUp = 20;
    private const int RoundsMax = 100;

    private const string Features = """
              n_5m: payment | count() over 5m
              sum_5m: payment | sum(amount) over 5m
              min_5m: payment | min(amount) over 5m
              max_name: payment | max(merchant) over 5m
              avg_5m: payment | avg(amount) over 5m where amount > 10
              deviation: payment | stddev(amount) over tumbling 5m
              skew: payment | skew(amount) over 5m
              kurtosis: payment | kurtosis(amount) over hopping 5m every 1m
              last: payment | last(country) over 5m
              last_3: payment | last_n(merchant, 3) over 5m
              first_3: payment | first_n(merchant, 3) over 5m
              min_by: payment | min_by(merchant, amount) over 5m
              distinct: payment | distinct(merchant) over 5m
              p95: payment | quantile(amount, 0.95) over 5m
              histogram: payment | histogram(amount, 1, 10, 50) over 5m
              top: payment | top_k(amount, 5) over 5m
              bottom: payment | bottom_k(merchant, 5) over 5m
              frequent: payment | most_frequent(merchant, 3) over 5m
              ewma: payment | ewma(amount, 1m) over 5m
              rate: payment | rate() over 5m
              unique: payment | unique_list(merchant, 5) over 5m
              since: payment | since_last()
              delta: payment | delta(n) over 5m
              by_country: payment | sum(amount) by country top 2 over 5m
              last_by: payment | last(merchant) by country over 5m
              exact: payment | count() over 1m exact
              exact_names: payment | distinct(merchant) over 1m exact where amount > 10
              burst: payment | count() over session 10s
              burst_top: payment | top_k(merchant, 2) over session 2s
              forever: payment | sum(n * 2)
              forever_by: payment | count() by country
              forever_names: payment | distinct(merchant)
              ratio: n_5m / max(sum_5m, 1)
              masked: if(n_5m > 3, last, "none")
        """;

    /// <summary>Events closer than the tiles are wide, and events so rare that every block keeps its rows.</summary>
    public static TheoryData<string, int> Paces =>
        new() { { "tiles", 40 }, { "rows", 20_000 }, { "both", 1_500 } };

    [Theory]
    [MemberData(nameof(Paces))]
    public void ApplyReadSnapshot_SteadyState_AllocateNothing(string mode, int stepMs)
    {
        var user = new SteadyUser(Features, stepMs);
        long applied = LeastOfARound(() => user.Apply(RoundEvents), () => { });
        long read = LeastOfARound(() => user.Read(), () => user.Apply(20));
        long written = LeastOfARound(() => user.Snapshot(), () => user.Apply(20));
        Assert.True(
            applied + read + written == 0, $"{mode}: {applied} bytes applying, {read} reading, {written} writing");
    }

    [Fact]
    public void ApplyReadSnapshot_HeadIsTheClock_AllocateNothing()
    {
        var user = new SteadyUser(Features, stepMs: 300, head: "clock");
        long applied = LeastOfARound(() => user.Apply(RoundEvents), () => { });
        long read = LeastOfARound(() => user.Read(), () => user.Apply(20));
        long written = LeastOfARound(() => user.Snapshot(), () => user.Apply(20));
        Assert.True(applied + read + written == 0, $"{applied} bytes applying, {read} reading, {written} writing");
    }

    /// <summary>As many features as the benchmark of queries has: ten aggregates over five windows.</summary>
    [Fact]
    public void ApplyReadSnapshot_FiftyFeatures_AllocateNothing()
    {
        string[] calls =
        [
            "count()", "sum(amount)", "min(amount)", "max(amount)", "avg(amount)", "stddev(amount)", "last(amount)",
            "distinct(merchant)", "quantile(amount, 0.95)", "top_k(amount, 5)",
        ];
        string[] windows = ["5m", "1h", "6h", "1d", "7d"];
        IEnumerable<string> lines =
            from window in windows
            from call in calls.Index()
            select $"      f{call.Index}_{window}: payment | {call.Item} over {window}";
        var user = new SteadyUser(string.Join('\n', lines), stepMs: 1_500);
        long applied = LeastOfARound(() => user.Apply(RoundEvents), () => { });
        long read = LeastOfARound(() => user.Read(), () => user.Apply(20));
        Assert.True(applied + read == 0, $"{applied} bytes applying, {read} reading");
    }

    /// <summary>Each feature alone, so that a failure names what allocates.</summary>
    [Fact]
    public void ApplyAndRead_EachFeatureAlone_AllocateNothing()
    {
        var wrong = new List<string>();
        string[] lines = Features.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (string line in lines.Where(line => line.Contains('|', StringComparison.Ordinal)))
        {
            var user = new SteadyUser(line, stepMs: 300);
            long applied = LeastOfARound(() => user.Apply(500), () => { });
            long read = LeastOfARound(() => user.Read(), () => user.Apply(20));
            long written = LeastOfARound(() => user.Snapshot(), () => user.Apply(20));
            if (applied + read + written > 0)
            {
                wrong.Add($"{line.Trim()}: {applied} bytes applying, {read} reading, {written} writing");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>
    /// The bytes of the thriftiest of many rounds. Buffers grow to what the stream's largest tile needs, ever more
    /// rarely, so most rounds need nothing; what allocates for each call allocates in every round.
    /// </summary>
    private static long LeastOfARound(Action measured, Action between)
    {
        long least = long.MaxValue;
        for (int round = 0; round < RoundsMax && least > 0; round++)
        {
            between();
            long before = GC.GetAllocatedBytesForCurrentThread();
            measured();
            long bytes = Since(before);
            least = round < RoundsToWarmUp ? least : Math.Min(least, bytes);
        }

        return least;
    }

    private static long Since(long before) => GC.GetAllocatedBytesForCurrentThread() - before;
}
