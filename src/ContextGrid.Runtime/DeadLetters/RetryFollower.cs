using System.Collections.Immutable;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.DeadLetters;

/// <summary>Finds out whether retried records count, once they are applied. Thread-safe.</summary>
/// <param name="progress">How far the partitions are applied.</param>
/// <param name="verdicts">What is known of records by their ids.</param>
/// <param name="time">Measures the wait.</param>
internal sealed class RetryFollower(
    ImmutableArray<PartitionProgress> progress, IdVerdicts verdicts, TimeProvider time)
{
    /// <summary>How long a call waits until its records are applied, so that it can say what became of them.</summary>
    internal static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(2);

    /// <summary>Completes outcomes of letters whose records are in the log.</summary>
    internal async ValueTask FollowAsync(RetryOutcome[] outcomes, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(WaitMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        for (int i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i].Result == RetryResult.Waiting)
            {
                outcomes[i] = await FollowAsync(outcomes[i], either.Token);
            }
        }
    }

    private async ValueTask<RetryOutcome> FollowAsync(RetryOutcome outcome, CancellationToken cancellationToken)
    {
        var partition = new TopicPartition(outcome.Topic, outcome.Position.Partition);
        if (progress.FirstOrDefault(p => p.Partition == partition) is not { } source)
        {
            return outcome;
        }

        try
        {
            await source.WaitForAsync(outcome.Position.Offset, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The record is durable, whoever waits: that is the answer.
            return outcome;
        }

        return verdicts.Of(partition, outcome.Position.Offset) switch
        {
            IdVerdict.Duplicate => outcome with
            {
                Result = RetryResult.Duplicate,
                Reason = "duplicate",
                Message = "An event with its id and content counts already, so it was left out.",
            },
            IdVerdict.Conflict => outcome with
            {
                Result = RetryResult.Conflict,
                Reason = EventBatch.IdConflict,
                Message = "Its id is taken by other content, so it is a dead letter again. Give it an id of its own.",
            },
            IdVerdict.New => outcome with { Result = RetryResult.Retried, Message = "" },
            _ => outcome, // So much has come since that it is forgotten.
        };
    }
}
