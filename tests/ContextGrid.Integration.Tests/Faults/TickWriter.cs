using System.Globalization;
using ContextGrid.Client;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>
/// Publishes ticks 1, 2, 3, … of one user. They stand in one partition in this order, so that a consistent copy has the
/// first so many of them. One task publishes; anybody may read the counts.
/// </summary>
internal sealed class TickWriter(string user)
{
    private const int BatchTicks = 20;

    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _published;
    private long _acknowledged;

    internal string User => user;

    /// <summary>Done when the first batches are acknowledged.</summary>
    internal Task Begun => _begun.Task;

    internal long Acknowledged => Interlocked.Read(ref _acknowledged);

    internal async Task RunAsync(ContextGridClient client, CancellationToken enough)
    {
        try
        {
            while (!enough.IsCancellationRequested)
            {
                long first = _published + 1;
                Interlocked.Add(ref _published, BatchTicks);
                await client.PublishAsync("ticks", Enumerable.Range(0, BatchTicks).Select(i => Json(first + i)));
                if (Interlocked.Add(ref _acknowledged, BatchTicks) >= BatchTicks * 10)
                {
                    _begun.TrySetResult();
                }
            }
        }
        catch (ContextGridException e)
        {
            _begun.TrySetException(e);
            throw;
        }
    }

    /// <summary>A server has the first so many ticks, each once, and at least those that were acknowledged.</summary>
    internal async Task CheckPrefixAsync(ContextGridClient client, long acknowledged)
    {
        EntityResult found = await GridFolder.ReadAsync(client, user, []);
        long count = found["ticks"].AsInt64 ?? 0;
        Assert.InRange(count, acknowledged, Interlocked.Read(ref _published));
        Assert.Equal(count, found["tick_last"].AsInt64);
        Assert.Equal(count, found["tick_numbers"].AsInt64);
        Assert.Equal(count * (count + 1) / 2, found["tick_sum"].AsInt64);
    }

    private string Json(long n) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"user_id":"{{user}}","n":{{n}}}""");
}
