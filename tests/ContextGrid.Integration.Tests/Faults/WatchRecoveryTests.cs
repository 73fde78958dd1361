using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>A watch that goes on at a server which still brings its state back.</summary>
public sealed class WatchRecoveryTests : IDisposable
{
    private const int Batches = 30;
    private const int BatchSize = 10_000;

    private readonly GridFolder _grid = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Watch_ResumedWhileRebuilding_NeverGoesBack()
    {
        const int Events = Batches * BatchSize;
        ReadOnlyMemory<byte> token;
        await using (ServerProcess first = await _grid.StartAsync("--checkpoint-interval", "3600"))
        {
            using ContextGridClient client = GridFolder.Connect(first);
            for (int batch = 0; batch < Batches; batch++)
            {
                await client.PublishAsync("payments", Enumerable.Range(batch * BatchSize, BatchSize).Select(Payment));
            }

            (_, token) = await WatchUntilAsync(client, default, Events);
            await first.KillAsync();
        }

        await using ServerProcess second = await _grid.StartAsync();
        using ContextGridClient reader = GridFolder.Connect(second);
        (List<long> shown, _) = await WatchUntilAsync(reader, token, Events);
        Assert.All(shown, count => Assert.Equal(Events, count));
    }

    private static async Task<(List<long> Shown, ReadOnlyMemory<byte> Token)> WatchUntilAsync(
        ContextGridClient client, ReadOnlyMemory<byte> token, long count)
    {
        var request = new WatchRequest
        {
            Entities = [new EntityId("user", "u")],
            MinInterval = TimeSpan.FromMilliseconds(10),
            ResumeToken = token,
        };
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var shown = new List<long>();
        await foreach (ContextChange change in client.WatchAsync(request, limit.Token))
        {
            FeatureValue payments = change.Context.Entities[0]["payments"];
            shown.Add(payments.AsInt64 ?? 0);
            if (shown[^1] == count && payments.Status == FeatureStatus.Present)
            {
                return (shown, change.ResumeToken);
            }
        }

        throw new InvalidOperationException("The watch ended by itself.");
    }

    private static string Payment(int n) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"payment_id":"p{{n}}","user_id":"u","items":1,"amount":{{n % 97}}.5,"ts":1700000000000}""");
}
