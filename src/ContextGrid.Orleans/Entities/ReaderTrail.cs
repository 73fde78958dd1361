namespace ContextGrid.Orleans.Entities;

/// <summary>
/// Which silo an entity's events come from. Readers change with the cluster's members; an entity moves after a reader
/// that keeps to another silo, so that a silo that joins gets its share of entities too. An entity whose events come
/// from several silos stays.
/// </summary>
internal struct ReaderTrail
{
    // So many blocks in a row: a move costs a write, and the activation elsewhere.
    private const int BlocksMin = 16;

    private int _reader;
    private int _blocks;

    /// <summary>Notes a block.</summary>
    /// <param name="reader">Who has brought it; 0: nobody says so.</param>
    /// <param name="home">The entity's own silo.</param>
    /// <returns>Whether the entity is to move there.</returns>
    internal bool LeadsAway(int reader, int home)
    {
        if (reader == 0 || reader == home || reader != _reader)
        {
            (_reader, _blocks) = (reader, 0);
            return false;
        }

        _blocks = (_blocks + 1) % BlocksMin;
        return _blocks == 0;
    }
}
