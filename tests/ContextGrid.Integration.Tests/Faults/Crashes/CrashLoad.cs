using ContextGrid.Client;

namespace ContextGrid.Integration.Tests.Faults.Crashes;

/// <summary>The producers and consumers of a run; they live longer than any server.</summary>
internal sealed class CrashLoad
{
    private readonly CrashPublisher[] _publishers;
    private readonly CrashReader[] _readers;
    private long _unanswered;

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

    /// <summary>Whether a server that could not answer is gone; null: it is. Silos miss others for a while.</summary>
    internal Func<ServerProcess, bool>? IsGone { get; init; }

    /// <summary>Calls that were not answered though the server was there.</summary>
    internal long Unanswered => Interlocked.Read(ref _unanswered);

    /// <summary>Publishes and asks until the server is gone, which is the only way to end.</summary>
    internal async Task RunAsync(ServerProcess server, int round)
    {
        ContextGridClient[] clients = [.. Enumerable.Range(0, 4).Select(_ => GridFolder.Connect(server))];
        try
        {
            await Task.WhenAll(
            [
                .. _publishers.Select((p, i) => UntilGoneAsync(server, () => p.RunAsync(clients[i % 3], round))),
                .. _readers.Select(r => UntilGoneAsync(server, () => r.RunAsync(clients[3]))),
                UntilGoneAsync(server, () => Watch.RunAsync(clients[3])),
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

    private async Task UntilGoneAsync(ServerProcess server, Func<Task> work)
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
                if (IsGone?.Invoke(server) ?? true)
                {
                    return; // The one honest reason to end.
                }

                Interlocked.Increment(ref _unanswered);
                await Task.Delay(50);
            }
            catch (ContextGridException e) when (MayWait && e.StatusCode == GrpcStatusCode.DeadlineExceeded)
            {
                Interlocked.Increment(ref _unanswered); // What it has sent may count or not.
                if (IsGone?.Invoke(server) ?? false)
                {
                    return;
                }
            }
        }
    }
}
