using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Integration.Tests.Faults.Crashes;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>
/// Publishes ticks through a server, each with a number of its own, and keeps account of what was acknowledged. One
/// task at a time.
/// </summary>
internal sealed class KafkaPublisher
{
    private readonly List<string> _acknowledged = [];
    private readonly List<string> _unknown = [];
    private int _number;

    /// <summary>How many calls were not acknowledged.</summary>
    internal int Failures { get; private set; }

    /// <summary>Publishes until it is told to stop; calls may fail.</summary>
    internal async Task RunAsync(ServerProcess server, CancellationToken stop)
    {
        using ContextGridClient client = GridFolder.Connect(server);
        while (!stop.IsCancellationRequested)
        {
            await PublishAsync(client, 20);
            await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }
    }

    /// <summary>What was acknowledged stands once, what was not at most once.</summary>
    internal void Check(CrashTruth truth)
    {
        Assert.NotEmpty(_acknowledged);
        string[] wrong =
        [
            .. _acknowledged.Where(p => truth.CopiesOf(p) != 1).Select(p => "acknowledged, not once: " + p),
            .. _unknown.Where(p => truth.CopiesOf(p) > 1).Select(p => "twice: " + p),
        ];
        Assert.True(wrong.Length == 0, $"{wrong.Length} violations\n" + string.Join('\n', wrong.Take(10)));
    }

    private async Task PublishAsync(ContextGridClient client, int count)
    {
        string[] ticks =
        [
            .. Enumerable.Range(0, count).Select(_ => ++_number).Select(n => string.Create(
                CultureInfo.InvariantCulture, $$"""{"user_id":"published{{n % 10}}","n":{{n}}}""")),
        ];
        try
        {
            await client.PublishAsync(CrashGrid.Ticks, ticks);
            _acknowledged.AddRange(ticks);
        }
        catch (ContextGridException)
        {
            Failures++;
            _unknown.AddRange(ticks);
        }
    }
}
