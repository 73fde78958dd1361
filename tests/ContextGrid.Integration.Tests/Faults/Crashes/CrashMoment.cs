namespace ContextGrid.Integration.Tests.Faults.Crashes;

/// <summary>When a server is killed.</summary>
internal enum CrashMoment
{
    /// <summary>After some acknowledged batches.</summary>
    UnderLoad,

    /// <summary>After none to three acknowledged batches.</summary>
    SoonAfterStart,

    /// <summary>At a random time after the process began, mostly before it listens.</summary>
    WhileStarting,

    /// <summary>When the opening of the checkpoints writes its first file.</summary>
    AtOpening,

    /// <summary>As soon as it listens, with everything since the last checkpoint still to be applied.</summary>
    WhileRecovering,

    /// <summary>When a checkpoint begins to write a file.</summary>
    AtCheckpoint,

    /// <summary>When a manifest has got its name.</summary>
    AtManifest,

    /// <summary>When a merge of segments begins to write.</summary>
    AtMerge,

    /// <summary>A little after SIGTERM.</summary>
    WhileStopping,

    /// <summary>At a random time after a start with --rebuild.</summary>
    WhileRebuilding,
}

/// <summary>Deals the moments: all of them, the common ones more often, in a seeded order, again and again.</summary>
internal sealed class CrashMoments(int seed)
{
    private static readonly CrashMoment[] Deck =
    [
        CrashMoment.UnderLoad, CrashMoment.UnderLoad, CrashMoment.UnderLoad, CrashMoment.UnderLoad,
        CrashMoment.SoonAfterStart, CrashMoment.SoonAfterStart, CrashMoment.SoonAfterStart,
        CrashMoment.WhileStarting, CrashMoment.WhileStarting, CrashMoment.WhileStarting,
        CrashMoment.AtOpening,
        CrashMoment.WhileRecovering, CrashMoment.WhileRecovering,
        CrashMoment.AtCheckpoint, CrashMoment.AtCheckpoint, CrashMoment.AtCheckpoint,
        CrashMoment.AtManifest, CrashMoment.AtManifest,
        CrashMoment.AtMerge,
        CrashMoment.WhileStopping, CrashMoment.WhileStopping,
        CrashMoment.WhileRebuilding,
    ];

    private readonly Random _random = new(seed);
    private readonly Queue<CrashMoment> _dealt = new();

    internal CrashMoment Next()
    {
        if (_dealt.Count == 0)
        {
            CrashMoment[] deck = [.. Deck];
            _random.Shuffle(deck);
            Array.ForEach(deck, _dealt.Enqueue);
        }

        return _dealt.Dequeue();
    }
}
