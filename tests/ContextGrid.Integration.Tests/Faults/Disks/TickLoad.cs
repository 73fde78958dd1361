using System.Globalization;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Faults.Disks;

/// <summary>Publishes numbered ticks of one user and keeps account of those that were acknowledged.</summary>
internal sealed class TickLoad
{
    private IReadOnlyList<SourcePosition> _last = [];
    private int _number;

    /// <summary>How many were acknowledged.</summary>
    internal long Acknowledged { get; private set; }

    /// <summary>How many were sent, whatever the answer was.</summary>
    internal long Sent => _number;

    private long AcknowledgedSum { get; set; }

    /// <summary>Publishes some in one call.</summary>
    /// <returns>Why the call failed; null: it is acknowledged.</returns>
    internal async Task<ContextGridException?> TryPublishAsync(ContextGridClient client, int count)
    {
        int[] numbers = [.. Enumerable.Range(_number + 1, count)];
        _number += count;
        try
        {
            _last = [.. (await client.PublishAsync("ticks", numbers.Select(Tick))).Positions];
            Acknowledged += count;
            AcknowledgedSum += numbers.Sum(n => (long)n);
            return null;
        }
        catch (ContextGridException e)
        {
            return e;
        }
    }

    /// <summary>Publishes some, which must succeed.</summary>
    internal async Task PublishAsync(ContextGridClient client, int count) =>
        Assert.Null(await TryPublishAsync(client, count));

    /// <summary>Publishes until a call is refused.</summary>
    internal async Task<ContextGridException> UntilRefusedAsync(ContextGridClient client, int count)
    {
        ContextGridException? refusal = null;
        for (int call = 0; refusal is null && call < 10_000; call++)
        {
            refusal = await TryPublishAsync(client, count);
        }

        return refusal ?? throw new InvalidOperationException("No call was refused.");
    }

    /// <summary>The user shows exactly what was acknowledged: a refused call has left nothing.</summary>
    internal async Task CheckAsync(ContextGridClient client)
    {
        EntityResult user = await GridFolder.ReadAsync(client, "u", _last);
        Assert.Equal(
            (Acknowledged, Acknowledged, AcknowledgedSum),
            (user["ticks"].AsInt64, user["tick_numbers"].AsInt64, user["tick_sum"].AsInt64));
    }

    private static string Tick(int n) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"user_id":"u","n":{{n}}}""");
}
