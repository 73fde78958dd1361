using ContextGrid.Cli.Output;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Publishing;

/// <summary>What the ids of published events told, and how many events the server could not tell it of.</summary>
public sealed class IdCounts
{
    /// <summary>Published events that do not count: retries.</summary>
    public long Duplicates { get; private set; }

    /// <summary>Published events that are dead letters: their id was used with other content.</summary>
    public long Conflicts { get; private set; }

    /// <summary>Published events whose id another partition of the topic has.</summary>
    public long OnOtherPartition { get; private set; }

    /// <summary>Published events of which the server could not tell it.</summary>
    public long Unknown { get; private set; }

    /// <summary>Within what an id must be unique.</summary>
    public IdScope Scope { get; private set; }

    /// <summary>Counts an answer.</summary>
    public void Add(PublishResult result)
    {
        Scope = result.IdScope;
        Unknown += result.Duplicates is null ? result.Accepted : 0;
        Duplicates += result.Duplicates ?? 0;
        Conflicts += result.Conflicts ?? 0;
        OnOtherPartition += result.OnOtherPartition ?? 0;
    }

    /// <summary>Sentences for people; none when every event counts by what is known.</summary>
    public IEnumerable<string> Sentences()
    {
        var of = Scope == IdScope.Key ? "its key" : "its partition";
        if (Duplicates > 0)
            yield return $"{Units.Count(Duplicates)} of them left out as duplicates: the id and content were known for "
                + $"{of} already";
        if (Conflicts > 0)
            yield return $"{Units.Count(Conflicts)} of them put to the dead letters (id_conflict): the id was used for "
                + $"{of} with other content";
        if (OnOtherPartition > 0)
            yield return $"{Units.Count(OnOtherPartition)} of them have an id that another partition of the topic has "
                + "and count all the same: a retry must have its first key, and ids of one key need 'per: key'";
        if (Scope != IdScope.None && Unknown > 0)
            yield return $"of {Units.Count(Unknown)} of them it is not known whether their ids were known before";
    }
}
