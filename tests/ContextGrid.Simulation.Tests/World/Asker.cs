using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Queries;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Queries;
using ContextGrid.Simulation.Tests.Truth;

namespace ContextGrid.Simulation.Tests.World;

/// <summary>Asks for entities, and keeps every answer for the checks.</summary>
internal sealed class Asker(SimulatedWorld world, Random random)
{
    private const int EarlyQuestionsMax = 25;

    public async Task RunAsync()
    {
        for (int i = 0; i < world.Plan.Reads; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 6_000)), world.Clock);
            SimulatedProcess? process = world.Current;
            await Task.WhenAll(Enumerable.Range(0, random.Next(1, 4)).Select(_ => TryAskAsync(process)).ToArray());
        }
    }

    /// <summary>What clients do that are still connected to a process: they are answered before it has looked around
    /// after a pause.</summary>
    public Task AskTwiceAsync(SimulatedProcess process) => Task.WhenAll(TryAskAsync(process), TryAskAsync(process));

    /// <summary>Asks a process that has just started, again and again, until it says that its state is back.</summary>
    public async Task AskEarlyAsync(SimulatedProcess process)
    {
        for (int i = 0; process.Host is null && !process.Context.IsDead && process.StartError is null; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1 << Math.Min(i, 10)), world.Clock);
        }

        for (int i = 0, later = 0; i < EarlyQuestionsMax && later < 2 && process.IsUp; i++)
        {
            bool? isRebuilding = await TryAskAsync(process);
            later += isRebuilding is false ? 1 : 0;
            await Task.Delay(
                TimeSpan.FromMilliseconds(random.Next(1, 20)) + (world.Slow * random.NextDouble()), world.Clock);
        }
    }

    /// <summary>Asks a process for some entities; it need not answer.</summary>
    /// <returns>Whether it says that it brings its state back; null: it has not answered.</returns>
    private async Task<bool?> TryAskAsync(SimulatedProcess? process)
    {
        Question question = Some();
        try
        {
            ImmutableArray<RecordedAnswer> answers = await AskAsync(process, question);
            return answers.Any(a => a.IsRebuilding);
        }
        catch (Exception e) when (MayFail(e))
        {
            world.Trace.Note($"asker: {Names(question)} failed: {e.Message}");
            return null;
        }
    }

    private Question Some()
    {
        int count = random.Next(3) == 0 ? random.Next(2, 20) : 1;
        QueryHead head = random.Next(4) switch { 0 => QueryHead.Now, 1 => QueryHead.AsOf, _ => QueryHead.Newest };
        return new Question
        {
            What = "",
            Entities = [.. Enumerable.Range(0, count).Select(_ => SimulatedKeys.Any(random)).Distinct()],
            Head = head,
            AsOfMs = head == QueryHead.AsOf ? world.ServerNowMs - random.Next(10_000_000) : 0,
            PositionsMin = random.Next(3) == 0 ? SomeKnown() : [],
            StalenessMax = random.Next(3) == 0 ? TimeSpan.FromMilliseconds(random.Next(1 << random.Next(16))) : null,
        };
    }

    /// <summary>Asks for entities, and keeps the answers.</summary>
    public async Task<ImmutableArray<RecordedAnswer>> AskAsync(SimulatedProcess? process, Question question)
    {
        Question asked = question with
        {
            What = $"{world.Trace.Now} the answer of process {process?.Number}",
            KnownEnds = world.EndsKnownLongAgo(),
        };
        ImmutableArray<RecordedAnswer> answers = await CallAsync(process, asked, TimeSpan.FromMinutes(5));
        foreach (RecordedAnswer answer in answers)
        {
            if (world.IsReconciled)
            {
                AnswerCheck.AgainstLog(answer, world.Truth);
            }

            if (!answer.IsUnreached)
            {
                world.Answers.Add(answer);
            }
        }

        return answers;
    }

    /// <summary>Asks for one entity as it was at a moment: it is built from the log.</summary>
    /// <exception cref="EventLogException">The log can't be read.</exception>
    public async Task<RecordedAnswer> AskPastAsync(SimulatedProcess? process, int type, string key, long headMs)
    {
        var question = new Question
        {
            What = $"{world.Trace.Now} the answer as of {headMs}",
            Entities = [(type, key)],
            Head = QueryHead.AsOf,
            AsOfMs = headMs,
        };
        return (await CallAsync(process, question, TimeSpan.FromHours(1)))[0];
    }

    private async Task<ImmutableArray<RecordedAnswer>> CallAsync(
        SimulatedProcess? process, Question question, TimeSpan patience)
    {
        SimulatedProcess called = process ?? throw new ConnectionLostException();
        Question asked = question with
        {
            AskedMs = world.Clock.NowMs,
            SkewMs = world.ServerNowMs - world.Clock.NowMs,
            Started = world.Cluster is null ? called.Started : null,
        };
        ImmutableArray<RecordedAnswer> answers = await called.CallAsync(
            host => ReadAsync(host, asked, world.Clock), patience, world.Clock);
        bool isOutOfStep = world.Cluster?.MemberOf(called).IsBehindTheTimes ?? false;
        return [.. answers.Select(a => a with { Question = a.Question with { IsOutOfStep = isOutOfStep } })];
    }

    private static async Task<ImmutableArray<RecordedAnswer>> ReadAsync(
        EmbeddedHost host, Question question, Machine.SimulatedClock clock)
    {
        var query = new ContextQuery
        {
            Head = question.Head,
            HeadMs = question.AsOfMs,
            PositionsMin = question.PositionsMin,
            StalenessMax = question.StalenessMax,
        };
        int[] types = [.. question.Entities.Select(e => e.Type).Distinct()];
        query.Selections.AddRange(types.Select(t => FeatureSelection.All(host.Grid.Plans[t])));
        foreach ((int type, string key) in question.Entities)
        {
            query.Add(Array.IndexOf(types, type), Encoding.UTF8.GetBytes(key));
        }

        var answer = new ContextAnswer();
        ContextOutcome outcome = await host.Reader.ReadAsync(query, answer, CancellationToken.None);
        return
        [
            .. question.Entities.Select((_, i) =>
                RecordedAnswer.Of(question, i, query, answer, outcome, clock.NowMs)),
        ];
    }

    private static string Names(Question question) => string.Join(", ", question.Entities.Select(e => e.Key));

    // Damage is told where a bit has changed, and by an owner whose segments its successor has replaced.
    private bool MayFail(Exception e) => e is ConnectionLostException or TimeoutException or EventLogException
        or SnapshotStoreException or ContextGrid.Runtime.Topology.ShardCallException
        || (e is CheckpointCorruptException && (world.Plan.Has(Faults.BitFlip) || world.Plan.Has(Faults.Takeover)));

    // The newest that is known of some partitions.
    private ImmutableArray<(TopicPartition, long)> SomeKnown() =>
    [
        .. world.KnownEnds.GroupBy(k => k.Partition).Select(g => (g.Key, g.Max(k => k.End) - 1))
            .Where(_ => random.Next(2) == 0),
    ];
}
