using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Integration.Tests.Faults.Crashes;

/// <summary>
/// What producers and readers have seen from outside: acknowledgements, answers, and the entities that there may be.
/// Thread-safe.
/// </summary>
internal sealed class CrashLedger(int seed)
{
    /// <summary>Answers of a round that are kept for checking, each with the same chance; the others only
    /// count.</summary>
    private const int AnswersMax = 250;

    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private readonly List<EntityId> _entities = [];
    private readonly HashSet<EntityId> _known = [];
    private readonly Dictionary<(string, int), SourcePosition> _positions = [];
    private readonly HashSet<string> _poison = [];
    private List<CrashAcknowledgement> _acknowledged = [];
    private List<CrashAnswer> _answers = [];
    private int _answersOfRound;
    private TaskCompletionSource? _rest;

    /// <summary>Told about each acknowledged batch, with how many there were since the round began.</summary>
    internal Action<int>? Acknowledged { get; set; }

    internal long EventsAcknowledged { get; private set; }

    /// <summary>Producers and consumers await it before each call.</summary>
    internal Task MayGoOn => Volatile.Read(ref _rest)?.Task ?? Task.CompletedTask;

    internal long Answers { get; private set; }

    /// <summary>The newest acknowledged position of every partition.</summary>
    internal IReadOnlyList<SourcePosition> Positions
    {
        get
        {
            lock (_gate)
            {
                return [.. _positions.Values];
            }
        }
    }

    /// <summary>Every entity that an event named, in the order of their first events.</summary>
    internal IReadOnlyList<EntityId> Entities
    {
        get
        {
            lock (_gate)
            {
                return [.. _entities];
            }
        }
    }

    /// <summary>Lets producers and consumers rest, or go on.</summary>
    internal void Rest(bool rests)
    {
        if (rests)
        {
            Volatile.Write(ref _rest, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        else
        {
            Interlocked.Exchange(ref _rest, null)?.SetResult();
        }
    }

    internal bool IsPoison(string payload)
    {
        lock (_gate)
        {
            return _poison.Contains(payload);
        }
    }

    internal void Expect(EntityId entity)
    {
        lock (_gate)
        {
            if (_known.Add(entity))
            {
                _entities.Add(entity);
            }
        }
    }

    internal void ExpectPoison(string payload)
    {
        lock (_gate)
        {
            _poison.Add(payload);
        }
    }

    internal void Acknowledge(CrashBatch batch, PublishResult result)
    {
        int count;
        lock (_gate)
        {
            _acknowledged.Add(new CrashAcknowledgement(batch, result));
            count = _acknowledged.Count;
            EventsAcknowledged += result.Accepted;
            foreach (SourcePosition position in result.Positions)
            {
                bool isKnown = _positions.TryGetValue((position.Topic, position.Partition), out SourcePosition? last);
                if (!isKnown || last?.Offset < position.Offset)
                {
                    _positions[(position.Topic, position.Partition)] = position;
                }
            }
        }

        Acknowledged?.Invoke(count);
    }

    internal void Observe(ContextResult result, IReadOnlyList<SourcePosition> after)
    {
        lock (_gate)
        {
            Answers += result.Entities.Count;
            foreach (EntityResult entity in result.Entities)
            {
                int place = ++_answersOfRound <= AnswersMax ? _answers.Count : _random.Next(_answersOfRound);
                if (place == _answers.Count)
                {
                    _answers.Add(new CrashAnswer(entity, result.Sources, after));
                }
                else if (place < AnswersMax)
                {
                    _answers[place] = new CrashAnswer(entity, result.Sources, after);
                }
            }
        }
    }

    /// <summary>Takes what has gathered since the last call.</summary>
    internal (List<CrashAcknowledgement> Acknowledged, List<CrashAnswer> Answers) Take()
    {
        lock (_gate)
        {
            (List<CrashAcknowledgement>, List<CrashAnswer>) taken = (_acknowledged, _answers);
            (_acknowledged, _answers, _answersOfRound) = ([], [], 0);
            return taken;
        }
    }
}
