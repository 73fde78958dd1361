using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Runtime.Outputs;

/// <summary>
/// The entities that an output has to write, each once however often it changed. Marked by whoever applies events,
/// before the batch counts as applied; taken by the output's writer. Marking never waits: beyond the bound marks are
/// dropped, which is remembered, and the writer then goes through all entities. Thread-safe.
/// </summary>
/// <param name="output">The output.</param>
internal sealed class OutputMarks(OutputDefinition output)
{
    /// <summary>Entities that may wait; with their keys they take some 10 MB.</summary>
    internal const int WaitingMax = 100_000;

    private readonly Lock _gate = new();
    private readonly Signal _marked = new();
    private readonly HashSet<byte[]> _keys = new(Shards.Utf8KeyComparer.Instance);
    private bool _isOver;

    /// <summary>The output.</summary>
    internal OutputDefinition Output => output;

    /// <summary>How many entities wait.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
            {
                return _keys.Count;
            }
        }
    }

    /// <summary>Whether marks were dropped since <see cref="Reset"/>.</summary>
    internal bool IsOver
    {
        get
        {
            lock (_gate)
            {
                return _isOver;
            }
        }
    }

    /// <summary>Notes that an entity has changed.</summary>
    internal void Mark(ReadOnlySpan<byte> key)
    {
        lock (_gate)
        {
            HashSet<byte[]>.AlternateLookup<ReadOnlySpan<byte>> byKey =
                _keys.GetAlternateLookup<ReadOnlySpan<byte>>();
            if (byKey.Contains(key))
            {
                return;
            }

            if (_keys.Count >= WaitingMax)
            {
                _isOver = true;
                return;
            }

            byKey.Add(key);
            if (_keys.Count > 1)
            {
                return;
            }
        }

        _marked.Set();
    }

    /// <summary>Waits until an entity is marked.</summary>
    internal async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        long seen = _marked.Version;
        if (Count == 0)
        {
            await _marked.WaitAsync(seen, cancellationToken);
        }
    }

    /// <summary>Takes all marks.</summary>
    internal byte[][] Take()
    {
        lock (_gate)
        {
            byte[][] taken = [.. _keys];
            _keys.Clear();
            return taken;
        }
    }

    /// <summary>Forgets all marks, before a pass through all entities: what changes from now on is marked.</summary>
    internal void Reset()
    {
        lock (_gate)
        {
            _keys.Clear();
            _isOver = false;
        }
    }
}
