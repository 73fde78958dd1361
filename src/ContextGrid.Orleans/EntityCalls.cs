using System.Runtime.ExceptionServices;
using ContextGrid.Orleans.Entities;
using ContextGrid.Orleans.Wire;
using Orleans;

namespace ContextGrid.Orleans;

/// <summary>
/// The calls of one query, one an entity, all under way at once. What fails is tried again as long as the query has
/// patience, since an entity of a silo that is gone soon lives on another one. One task at a time awaits them.
/// </summary>
internal sealed class EntityCalls : IDisposable
{
    /// <summary>How long a query waits for its entities at most: longer than a healthy cluster ever takes.</summary>
    internal static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _patience;
    private readonly CancellationTokenSource _either;
    private readonly Task<AnswerBlock>[] _calls;

    /// <summary>Begins all calls.</summary>
    /// <param name="count">How many.</param>
    /// <param name="call">The grain, and what is asked of it, by the call's place.</param>
    /// <param name="patience">How long entities may take; more than <see cref="PatienceMax"/> counts as that.</param>
    /// <param name="time">Measures the patience.</param>
    /// <param name="cancellationToken">The caller's end.</param>
    internal EntityCalls(
        int count,
        Func<int, (IEntityGrain Grain, EntityQuery Query)> call,
        TimeSpan? patience,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        TimeSpan most = patience < PatienceMax ? patience.Value : PatienceMax;
        _patience = new CancellationTokenSource(most, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_patience.Token, cancellationToken);
        _calls = new Task<AnswerBlock>[count];
        for (int i = 0; i < count; i++)
        {
            (IEntityGrain grain, EntityQuery query) = call(i);
            _calls[i] = AskAsync(grain, query);
        }
    }

    /// <summary>Waits for an answer.</summary>
    /// <returns>The answer, or why there is none.</returns>
    /// <exception cref="OperationCanceledException">The caller's token was cancelled.</exception>
    internal async ValueTask<(AnswerBlock Answer, string? Why)> EndAsync(int index, CancellationToken cancellationToken)
    {
        try
        {
            return (await _calls[index], null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (default, SiloFaults.Sentence(new TimeoutException()));
        }
        catch (Exception e) when (e is not OperationCanceledException and not OutOfMemoryException)
        {
            return (default, SiloFaults.Sentence(e));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _either.Dispose();
        _patience.Dispose();
    }

    private async Task<AnswerBlock> AskAsync(IEntityGrain grain, EntityQuery query)
    {
        ExceptionDispatchInfo? last = null;
        while (true)
        {
            try
            {
                ValueTask<AnswerBlock> call = grain.QueryAsync(query);
                return call.IsCompletedSuccessfully ? call.Result : await call.AsTask().WaitAsync(_either.Token);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Whatever it is: when patience is over, the last failure is told.
                last = e is OperationCanceledException && last is not null ? last : ExceptionDispatchInfo.Capture(e);
                if (e is OperationCanceledException || await PauseAsync())
                {
                    last.Throw();
                }
            }
        }
    }

    private async ValueTask<bool> PauseAsync()
    {
        await Task.Delay(Pause, CancellationToken.None);
        return _either.IsCancellationRequested;
    }
}
