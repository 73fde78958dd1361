using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Simulation.Tests.Machine;
using ContextGrid.Simulation.Tests.Truth;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>One life of a server process: it starts, is called by clients, and ends somewhere.</summary>
/// <param name="context">Where its code runs.</param>
/// <param name="number">Its number.</param>
/// <param name="disk">Where its files are.</param>
/// <param name="endsOfLog">Says where every source partition ends at present; null: nobody knows.</param>
internal sealed class SimulatedProcess(
    SimulatedContext context,
    int number,
    SimulatedDisk disk,
    Func<IReadOnlyDictionary<TopicPartition, long>?> endsOfLog)
{
    private readonly HashSet<Action> _lost = [];

    public SimulatedContext Context => context;

    public int Number => number;

    /// <summary>Where its files are.</summary>
    public SimulatedDisk Disk => disk;

    /// <summary>The running host; null: it has not started.</summary>
    public EmbeddedHost? Host { get; private set; }

    /// <summary>Where the log ended around the start; null: it has not started, or nobody knows.</summary>
    public StartedAt? Started { get; private set; }

    /// <summary>Why it did not start.</summary>
    public Exception? StartError { get; private set; }

    public bool IsUp => Host is not null && !context.IsDead;

    /// <summary>Begins the start.</summary>
    public void Start(Func<Task<EmbeddedHost>> start) => context.Post(
        async _ =>
        {
            IReadOnlyDictionary<TopicPartition, long>? first = endsOfLog();
            try
            {
                EmbeddedHost host = await start();
                Started = first is not null && endsOfLog() is { } last ? new StartedAt(first, last) : null;
                Host = host;
            }
            catch (Exception e) when (e is not SimulatedCrashException)
            {
                StartError = e;
            }
        },
        null);

    /// <summary>Calls the process as a client does: it may be gone before it has answered.</summary>
    /// <exception cref="ConnectionLostException">Nobody knows what became of the call.</exception>
    public async Task<T> CallAsync<T>(Func<EmbeddedHost, Task<T>> call, TimeSpan patience, TimeProvider clock)
    {
        if (Host is null || context.IsDead)
        {
            throw new ConnectionLostException();
        }

        var answer = new TaskCompletionSource<T>();
        Action lost = () => answer.TrySetException(new ConnectionLostException());
        _lost.Add(lost);
        context.Post(
            async _ =>
            {
                try
                {
                    answer.TrySetResult(await call(Host));
                }
                catch (Exception e) when (e is not SimulatedCrashException)
                {
                    answer.TrySetException(e);
                }
            },
            null);
        await Task.WhenAny(answer.Task, Task.Delay(patience, clock));
        _lost.Remove(lost);
        return answer.Task.IsCompleted ? await answer.Task : throw new ConnectionLostException();
    }

    /// <summary>Ends the process where it stands.</summary>
    public void Kill()
    {
        context.Kill();
        foreach (Action lost in _lost.ToArray())
        {
            lost();
        }

        _lost.Clear();
    }
}
