using ContextGrid.Client;

namespace ContextGrid.Integration.Tests.Faults.Crashes;

/// <summary>The producers and consumers of a run; they live longer than any server.</summary>
internal sealed class CrashLoad
{
    private readonly CrashPublisher[] _publishers;
    private readonly CrashReader[] _readers;

    internal CrashLoad(int seed, CrashLedger ledger, TimeProvider time)
    {
        Watch = new CrashWatch(ledger);
        _publishers =
        [
            .. Enumerable.Range(0, 4).Select(i => new CrashPublisher(
                $"w{i}", hasIds: i > 0, (seed * 100) + i, ledger, Watch, time)),
        ];
        _readers = [.. Enumerable.Range(0, 2).Select(i => new CrashReader((seed * 100) + 50 + i, ledger))];
    }

    internal CrashWatch Watch { get; }

    /// <summary>Whether a call may have to wait for longer than its caller does, such as for a broker.</summary>
    internal bool MayWait { get; init; }

    /// <summary>Publishes and asks until the server is gone, which is the only way to end.</summary>
    internal async Task RunAsync(ServerProcess server, int round)
    {
        ContextGridClient[] clients = [.. Enumerable.Range(0, 4).Select(_ => GridFolder.Connect(server))];
        try
        {
            await Task.WhenAll(
            [
                .. _publishers.Select((p, i) => UntilGoneAsync(() => p.RunAsync(clients[i % 3], round))),
                .. _readers.Select(r => UntilGoneAsync(() => r.RunAsync(clients[3]))),
                UntilGoneAsync(() => Watch.RunAsync(clients[3])),
            ]);
        }
        finally
        {
            Array.ForEach(clients, c => c.Dispose());
        }
    }

    internal async Task SettleAsync(ContextGridClient client)
    {
        foreach (CrashPublisher publisher in _publishers)
        {
            await publisher.SettleAsync(client);
        }
    }

    private async Task UntilGoneAsync(Func<Task> work)
    {
        while (true)
        {
            try
            {
                await Task.Run(work);
                return;
            }
            catch (ContextGridException e) when (e.StatusCode == GrpcStatusCode.Unavailable)
            {
                return; // The one honest reason to end.
            }
            catch (ContextGridException e) when (MayWait && e.StatusCode == GrpcStatusCode.DeadlineExceeded)
            {
                // Goes on; what it has sent may count or not.
            }
        }
    }
}
