using ContextGrid.Runtime.Hosting;
using ContextGrid.Server.Services;

namespace ContextGrid.Server.Tests.Services;

public sealed class MemberListTests
{
    [Fact]
    public void See_ManyWhoDiedBefore_ShowsThoseThereAreNewestFirst()
    {
        var members = new MemberList(new SteppedTime());
        Assert.Empty(members.See([]));
        SiloState[] dead = [.. Enumerable.Range(0, 15).Select(i => Silo(1, 100 + i, "Dead"))];
        Assert.Equal(
            ["10.0.0.2:1@300", "10.0.0.1:1@200"],
            Shown(members, [.. dead, Silo(1, 200, "Active"), Silo(2, 300, "Active")]));
    }

    [Fact]
    public void See_OneDies_IsShownForTenMinutes()
    {
        var time = new SteppedTime();
        var members = new MemberList(time);
        SiloState there = Silo(2, 300, "Active"), dead = Silo(1, 400, "Dead");
        members.See([Silo(1, 400, "Active"), there]);
        Assert.Equal(["10.0.0.1:1@400", "10.0.0.2:1@300"], Shown(members, [there, dead]));
        time.Now += TimeSpan.FromMinutes(9.9);
        Assert.Equal(2, Shown(members, [there, dead]).Count);
        time.Now += TimeSpan.FromMinutes(0.2);
        Assert.Equal(["10.0.0.2:1@300"], Shown(members, [there, dead]));
    }

    private static List<string> Shown(MemberList members, IReadOnlyList<SiloState> all) =>
        [.. members.See(all).Select(s => s.Address)];

    private static SiloState Silo(int host, int started, string status) =>
        new($"10.0.0.{host}:1@{started}", status, false);

    private sealed class SteppedTime : TimeProvider
    {
        internal TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
