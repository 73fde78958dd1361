using System.Diagnostics;
using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>SIGTERM under load: everything acknowledged is in the last checkpoint, nothing waits after it.</summary>
public sealed class StopTests : IDisposable
{
    private readonly GridFolder _grid = new();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Terminate_UnderLoadWithOpenStreams_ExitsWith0AndNothingWaits()
    {
        long[] acknowledged = new long[2];
        await using (ServerProcess server = await _grid.StartAsync("--checkpoint-interval", "3600"))
        {
            using ContextGridClient client = GridFolder.Connect(server);
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task watch = WatchAsync(client, seen);
            Task<long> batches = PublishBatchesAsync(client);
            Task<long> stream = PublishStreamAsync(client);
            await seen.Task.WaitAsync(TimeSpan.FromSeconds(30));

            long start = Stopwatch.GetTimestamp();
            Assert.Equal(0, await server.TerminateAsync(TimeSpan.FromSeconds(30)));
            Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 10);
            Assert.Contains("stopped; checkpoint", server.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", server.Output, StringComparison.Ordinal);
            await watch;
            acknowledged = [await batches, await stream];
        }

        await using ServerProcess next = await _grid.StartAsync();
        Assert.Contains("recovered: nothing waits in the log", next.Output, StringComparison.Ordinal);
        using ContextGridClient reader = GridFolder.Connect(next);
        GetStatusResponse status = await reader.GetStatusAsync();
        Assert.Equal(0, status.EventsApplied);
        Assert.All(status.Sources, s => Assert.Equal(0, s.LagRecords));
        for (int i = 0; i < acknowledged.Length; i++)
        {
            (string user, long least) = (i == 0 ? "batch" : "stream", acknowledged[i]);
            EntityResult found = await reader.GetAsync("user", user);
            Assert.True(found["ticks"].AsInt64 >= least, $"{user}: {found["ticks"].AsInt64} of {least}");
            Assert.Equal(found["ticks"].AsInt64, found["tick_numbers"].AsInt64);
        }
    }

    [Fact]
    public async Task Terminate_Twice_EndsOnceAndWell()
    {
        await using ServerProcess server = await _grid.StartAsync("--checkpoint-interval", "3600");
        using ContextGridClient client = GridFolder.Connect(server);
        Task<long> batches = PublishBatchesAsync(client);
        await client.PublishAsync("ticks", Tick("first", 1));
        server.Signal("TERM");
        Assert.Equal(0, await server.TerminateAsync(TimeSpan.FromSeconds(30)));
        Assert.Single(server.Output.Split('\n'), l => l.Contains("stopped; checkpoint", StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", server.Output, StringComparison.Ordinal);
        await batches;
    }

    [Fact]
    public async Task Terminate_WithADrainTime_IsNotReadyAndServesUntilItIsOver()
    {
        await using ServerProcess server = await _grid.StartAsync("--drain-seconds", "300");
        using ContextGridClient client = GridFolder.Connect(server);
        using var http = new HttpClient { BaseAddress = server.Http };
        server.Signal("TERM");
        await server.WaitUntilAsync("not ready", TimeSpan.FromSeconds(30), async () =>
        {
            using HttpResponseMessage answer = await http.GetAsync("/readyz");
            return (int)answer.StatusCode == 503 && await answer.Content.ReadAsStringAsync() == "stopping\n";
        });
        Assert.Equal(1, (await client.PublishAsync("ticks", Tick("drained", 1))).Accepted);
        Assert.False(server.HasExited);
        Assert.Equal(0, await server.TerminateAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("stopped; checkpoint", server.Output, StringComparison.Ordinal);
    }

    private static async Task WatchAsync(ContextGridClient client, TaskCompletionSource seen)
    {
        try
        {
            var request = new WatchRequest { Entities = [new("user", "batch"), new("user", "stream")] };
            await foreach (ContextChange change in client.WatchAsync(request))
            {
                if (change.Context.Entities.All(e => e["ticks"].AsInt64 > 50))
                {
                    seen.TrySetResult();
                }
            }
        }
        catch (ContextGridException e)
        {
            Assert.Equal(GrpcStatusCode.Unavailable, e.StatusCode);
        }
    }

    private static async Task<long> PublishBatchesAsync(ContextGridClient client)
    {
        long acknowledged = 0;
        try
        {
            for (int n = 0; ; n += 20)
            {
                acknowledged += (await client.PublishAsync(
                    "ticks", Enumerable.Range(n, 20).Select(i => Tick("batch", i)))).Accepted;
            }
        }
        catch (ContextGridException e)
        {
            Assert.Equal(GrpcStatusCode.Unavailable, e.StatusCode);
        }

        return acknowledged;
    }

    private static async Task<long> PublishStreamAsync(ContextGridClient client)
    {
        long acknowledged = 0;
        using PublishStream stream = client.OpenPublishStream();
        try
        {
            IAsyncEnumerator<PublishResult> answers = stream.ReadAllAsync().GetAsyncEnumerator();
            for (int n = 0; ; n++)
            {
                await stream.WriteAsync(
                    new PublishRequest { Topic = "ticks", Events = { GridFolder.Event(Tick("stream", n)) } });
                if (!await answers.MoveNextAsync())
                {
                    return acknowledged;
                }

                acknowledged += answers.Current.Accepted;
            }
        }
        catch (ContextGridException e)
        {
            Assert.Equal(GrpcStatusCode.Unavailable, e.StatusCode);
        }

        return acknowledged;
    }

    private static string Tick(string user, int n) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"user_id":"{{user}}","n":{{n}}}""");
}
