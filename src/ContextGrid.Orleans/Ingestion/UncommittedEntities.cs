using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Shards;

namespace ContextGrid.Orleans.Ingestion;

/// <summary>
/// The entities that events of one partition were brought to since the last commit, each with the last offset: what
/// must become durable before the next commit. Thread-safe.
/// </summary>
internal sealed class UncommittedEntities
{
    private readonly Lock _gate = new();
    private Dictionary<byte[], long> _since = new(Utf8KeyComparer.Instance);
    private Dictionary<byte[], long> _flushing = new(Utf8KeyComparer.Instance);

    /// <summary>The last offset that was brought to an entity and may not be durable; −1: none.</summary>
    internal long ExpectedOf(byte[] name)
    {
        lock (_gate)
        {
            return _since.TryGetValue(name, out long offset) || _flushing.TryGetValue(name, out offset) ? offset : -1;
        }
    }

    /// <summary>Notes what was brought.</summary>
    internal void Note(byte[] name, long offset)
    {
        lock (_gate)
        {
            _since[name] = offset;
        }
    }

    /// <summary>Takes all for a flush; they stay known until <see cref="Committed"/>.</summary>
    internal Dictionary<byte[], long> Take()
    {
        lock (_gate)
        {
            foreach ((byte[] name, long offset) in _since)
            {
                _flushing[name] = offset;
            }

            _since = new Dictionary<byte[], long>(Utf8KeyComparer.Instance);
            return new Dictionary<byte[], long>(_flushing, Utf8KeyComparer.Instance);
        }
    }

    /// <summary>What was taken is durable, and so is the position.</summary>
    internal void Committed()
    {
        lock (_gate)
        {
            _flushing = new Dictionary<byte[], long>(Utf8KeyComparer.Instance);
        }
    }
}
