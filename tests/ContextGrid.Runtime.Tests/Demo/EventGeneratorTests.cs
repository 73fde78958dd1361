using System.Globalization;
using System.Text;
using System.Text.Json;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Demo;

namespace ContextGrid.Runtime.Tests.Demo;

public sealed class EventGeneratorTests
{
    private const long StartMs = 1_750_000_000_000;

    [Fact]
    public void WriteNdjson_SameArguments_GivesTheSameBytesUnderAnyCulture()
    {
        byte[] first = Lines(2_000, new TrafficShape(100, 42, StartMs));
        CultureInfo before = CultureInfo.CurrentCulture;
        var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        other.NumberFormat.NumberDecimalSeparator = ",";
        other.NumberFormat.NegativeSign = "~";
        CultureInfo.CurrentCulture = other;
        byte[] second = Lines(2_000, new TrafficShape(100, 42, StartMs));
        CultureInfo.CurrentCulture = before;

        Assert.Equal(first, second);
        Assert.NotEqual(first, Lines(2_000, new TrafficShape(100, 43, StartMs)));

        // Files made by an older release must be reproducible by a newer one.
        Assert.Equal("A15ED4625B4BCB62", StableHash.Of(first).ToString("X16", CultureInfo.InvariantCulture));
    }

    [Fact]
    public void WriteNdjson_GoodShape_GivesSkewedPayments()
    {
        string[] lines = Encoding.UTF8.GetString(Lines(20_000, new TrafficShape(1_000, 1, StartMs))).Trim().Split('\n');

        Assert.Equal(20_000, lines.Length);
        int busiest = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            using JsonDocument payment = JsonDocument.Parse(lines[i]);
            Assert.Equal(StartMs + i, payment.RootElement.GetProperty("ts").GetInt64());
            Assert.InRange(payment.RootElement.GetProperty("amount").GetDouble(), 1, 1_001);
            int user = int.Parse(
                payment.RootElement.GetProperty("user_id").GetString().AsSpan(1), CultureInfo.InvariantCulture);
            Assert.InRange(user, 0, 999);
            busiest += user < 10 ? 1 : 0;
        }

        // The root of 1 % is 10 %.
        Assert.InRange(busiest, 1_800, 2_200);
    }

    [Fact]
    public void Write_MixedShape_HasLateDuplicateAndBadEvents()
    {
        var shape = new TrafficShape(50, 7, StartMs, 10, LateFraction: 0.1, DuplicateFraction: 0.1, BadFraction: 0.1);
        string[] lines = Encoding.UTF8.GetString(Lines(5_000, shape)).Trim().Split('\n');

        Assert.InRange(lines.Length - lines.Distinct().Count(), 350, 600);
        Assert.InRange(lines.Count(line => !line.Contains("\"status\"", StringComparison.Ordinal)), 400, 600);
        Assert.InRange(lines.Where((line, i) => IsLate(line, shape.TimeMs(i))).Count(), 400, 700);
    }

    [Fact]
    public void Write_AnyIndex_DoesNotDependOnTheOthers()
    {
        var shape = new TrafficShape(50, 7, StartMs);
        byte[] a = new byte[TrafficShape.EventBytesMax], b = new byte[TrafficShape.EventBytesMax];
        var logins = new LoginGenerator(shape);
        logins.Write(3, a);

        int length = logins.Write(1_000_000_000_000, a);

        Assert.Equal(length, new LoginGenerator(shape).Write(1_000_000_000_000, b));
        Assert.Equal(a[..length], b[..length]);
        using JsonDocument login = JsonDocument.Parse(a.AsMemory(0, length));
        Assert.Equal("l1000000000000", login.RootElement.GetProperty("login_id").GetString());
    }

    private static bool IsLate(string line, long inTimeMs)
    {
        int at = line.IndexOf("\"ts\":", StringComparison.Ordinal);
        return at > 0 && !line.Contains('N')
            && long.Parse(line[(at + 5)..].TrimEnd('}'), CultureInfo.InvariantCulture) < inTimeMs - 1_000;
    }

    private static byte[] Lines(long events, TrafficShape shape)
    {
        using var stream = new MemoryStream();
        EventGenerator.WriteNdjson(stream, events, shape);
        return stream.ToArray();
    }
}
