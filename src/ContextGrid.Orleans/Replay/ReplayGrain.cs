using ContextGrid.Runtime.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Replay;

/// <inheritdoc cref="IReplayGrain"/>
/// <remarks>
/// The grain owns what is durable of the replay and decides; the work is a <see cref="ReplayRun"/>, which runs outside
/// of its turns. Of two activations the second to write is refused, and goes.
/// </remarks>
[GrainType("replay")]
internal sealed partial class ReplayGrain(
    ReplayParts parts,
    [PersistentState("replay", GridContext.StorageName)] IPersistentState<ReplayState> state,
    ILogger<ReplayGrain> logger) : Grain, IReplayGrain
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger = logger;
    private CancellationTokenSource _ends = new();
    private ReplayState _durable = new();
    private Task _running = Task.CompletedTask;
    private string? _fault;

    private string Id => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _durable = state.State;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _ends.CancelAsync();
        await Task.WhenAny(_running, Task.Delay(Timeout.InfiniteTimeSpan, parts.Source.Time, cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask<ReplayReply> StartAsync(ReplayRequest request)
    {
        if (ReplayKeys.Check(Id, request, parts.Source.Grid) is { } refusal)
        {
            return refusal;
        }

        ReplayReply reply = await parts.Index.AddAsync(Id, request);
        if (reply.Outcome == ReplayOutcome.Done)
        {
            await ResumeAsync();
        }

        return reply;
    }

    /// <inheritdoc/>
    public async ValueTask ResumeAsync()
    {
        ReplayEntry? entry = _running.IsCompleted ? await parts.Index.FindAsync(Id) : null;
        if (entry is null or { HasEnded: true, IsLeaving: false })
        {
            return;
        }

        if (_durable.Request is null && !entry.IsLeaving)
        {
            await WriteAsync(await ReplayRun.BeginAsync(parts, entry.Request));
        }

        _ends = new CancellationTokenSource();
        _running = entry.IsLeaving ? RemoveAsync(entry.Request, _ends.Token) : RunAsync(_ends.Token);
    }

    /// <inheritdoc/>
    public ValueTask<ReplayReport> GetStatusAsync() => new(new ReplayReport(_durable, _fault, parts.Source.Name));

    /// <inheritdoc/>
    public async ValueTask<ReplayReply> CancelAsync()
    {
        switch (await parts.Index.FindAsync(Id))
        {
            case null:
                return new ReplayReply(ReplayOutcome.NotFound, $"There is no replay '{Id}'.");
            case { HasEnded: false } entry:
                await _ends.CancelAsync();
                await _running;
                if (_durable.Phase == ReplayPhase.Running)
                {
                    _durable = _durable with { Request = entry.Request }; // It may not have begun yet.
                    await EndAsync(ReplayPhase.Cancelled, null);
                }

                await parts.Index.EndAsync(Id);
                break;
        }

        return ReplayReply.Done;
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested && !parts.Source.Grid.IsCrashed)
        {
            try
            {
                await AdvanceAsync(cancellationToken);
                await parts.Index.EndAsync(Id);
                return;
            }
            catch (Exception e)
            {
                // The loop's edge: whatever it is, what is durable is where it begins again.
                Note(e, cancellationToken);
            }

            await Task.WhenAny(Task.Delay(Pause, parts.Source.Time, cancellationToken));
        }
    }

    private async Task AdvanceAsync(CancellationToken cancellationToken)
    {
        if (_durable.Phase != ReplayPhase.Running)
        {
            return;
        }

        try
        {
            await using var run = new ReplayRun(parts, _durable);
            while (_durable.Phase == ReplayPhase.Running)
            {
                await WriteAsync(await Task.Run(() => run.AdvanceAsync(cancellationToken), cancellationToken));
                _fault = null;
            }
        }
        catch (Exception e) when (ReplayFailedException.IsFinal(e) && !cancellationToken.IsCancellationRequested)
        {
            await EndAsync(ReplayPhase.Failed, SiloFaults.Sentence(e));
        }
    }

    // The shadow version goes first: what is left of the replay finds it again.
    private async Task RemoveAsync(ReplayRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await parts.Shadows.ClearAsync(ShadowStore.KindOf(request.Type, request.Version), cancellationToken);
            await state.ClearStateAsync();
            _durable = new ReplayState();
            await parts.Index.ForgetAsync(Id);
        }
        catch (Exception e)
        {
            // It is tried again by the next activation.
            Note(e, cancellationToken);
            DeactivateOnIdle();
        }
    }

    private Task EndAsync(ReplayPhase phase, string? reason) => WriteAsync(
        _durable with { Phase = phase, Reason = reason, EndedMs = parts.Source.NowMs });

    // Whatever fails, what is durable is not known here: this activation goes.
    private async Task WriteAsync(ReplayState next)
    {
        try
        {
            state.State = next;
            await state.WriteStateAsync();
            _durable = next;
        }
        catch
        {
            await _ends.CancelAsync();
            DeactivateOnIdle();
            throw;
        }
    }

    private void Note(Exception e, CancellationToken cancellationToken)
    {
        if (!cancellationToken.IsCancellationRequested)
        {
            _fault = SiloFaults.Sentence(e);
            LogBeginsAnew(SiloFaults.ForLog(e), Id, _fault);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The replay {Id} begins anew at what is durable: {Why}")]
    private partial void LogBeginsAnew(Exception? exception, string id, string why);
}
