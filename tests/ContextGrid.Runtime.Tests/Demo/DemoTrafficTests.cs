using System.Text;
using ContextGrid.Runtime.Demo;

namespace ContextGrid.Runtime.Tests.Demo;

public sealed class DemoTrafficTests
{
    private const long StartMs = 1_750_000_000_000;

    private readonly List<string> _payments = [];
    private readonly List<string> _logins = [];

    [Fact]
    public async Task RunAsync_OneSecond_PublishesTheRate()
    {
        (DemoTraffic traffic, _) = await RunAsync(1_000, TimeSpan.FromSeconds(1), until: 1_000);

        Assert.Equal(1_000, traffic.Published);
        Assert.Equal((900, 100), (_payments.Count, _logins.Count));
        Assert.Equal(1_000, _payments.Concat(_logins).Distinct().Count());
        Assert.Contains($"\"ts\":{StartMs + 999}}}", _logins[^1]);
    }

    [Fact]
    public async Task RunAsync_ClockJumps_LeavesTheMeantimeOut()
    {
        (DemoTraffic traffic, _) = await RunAsync(100, TimeSpan.FromHours(1), until: 500);

        Assert.Equal(500, traffic.Published);
    }

    private async Task<(DemoTraffic Traffic, bool Ended)> RunAsync(int rate, TimeSpan advance, int until)
    {
        var time = new ManualTime(StartMs);
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var traffic = new DemoTraffic(rate, 100, Publish, time);
        using var stop = new CancellationTokenSource();
        Task run = traffic.RunAsync(stop.Token);
        time.Advance(advance);
        await enough.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await stop.CancelAsync();
        await run;
        return (traffic, run.IsCompletedSuccessfully);

        ValueTask Publish(string topic, IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellation)
        {
            List<string> target = topic == PaymentGenerator.Topic ? _payments : _logins;
            target.AddRange(events.Select(e => Encoding.UTF8.GetString(e.Span)));
            if (_payments.Count + _logins.Count >= until)
            {
                enough.TrySetResult();
            }

            return default;
        }
    }
}
