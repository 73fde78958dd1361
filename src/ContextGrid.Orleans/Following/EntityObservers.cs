using Orleans.Runtime;

namespace ContextGrid.Orleans.Following;

/// <summary>
/// The silos that one entity tells of its changes. Each has one call under way at most, and what changes meanwhile
/// makes one more. A silo that nobody follows on any more, or that can't be told, is forgotten: when it asks next, it
/// learns that it was. Used in turns of the entity's grain.
/// </summary>
internal sealed class EntityObservers(GrainId entity)
{
    private readonly List<Observer> _observers = [];

    /// <summary>Adds a silo; see <see cref="Entities.IEntityGrain.FollowAsync"/>.</summary>
    internal bool Add(IEntityObserver silo)
    {
        if (_observers.Find(o => o.Silo.Equals(silo)) is { } known)
        {
            known.IsRenewed = true;
            return !known.IsTelling;
        }

        _observers.Add(new Observer(silo));
        return false;
    }

    /// <summary>Tells all of a change, and waits for nobody.</summary>
    /// <returns>False: there is nobody.</returns>
    internal bool Tell()
    {
        // From the end: whoever can't be called at all leaves at once.
        for (int i = _observers.Count - 1; i >= 0; i--)
        {
            Observer observer = _observers[i];
            observer.IsChanged = true;
            if (!observer.IsTelling)
            {
                _ = TellAsync(observer); // Ends with the call, and never fails.
            }
        }

        return _observers.Count > 0;
    }

    private async Task TellAsync(Observer observer)
    {
        observer.IsTelling = true;
        try
        {
            while (observer.IsChanged)
            {
                observer.IsChanged = observer.IsRenewed = false;

                // A silo where somebody began to follow after it had answered has asked again since.
                if (!await observer.Silo.ChangedAsync(entity) && !observer.IsRenewed)
                {
                    _observers.Remove(observer);
                    return;
                }
            }

            observer.IsTelling = false;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _observers.Remove(observer);
        }
    }

    private sealed class Observer(IEntityObserver silo)
    {
        internal IEntityObserver Silo { get; } = silo;

        internal bool IsTelling { get; set; }

        internal bool IsChanged { get; set; }

        internal bool IsRenewed { get; set; }
    }
}
