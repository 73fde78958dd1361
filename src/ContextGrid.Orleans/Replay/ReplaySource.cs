using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Ingestion;
using Orleans;

namespace ContextGrid.Orleans.Replay;

/// <summary>What replays read, and where. Thread-safe.</summary>
internal sealed class ReplaySource
{
    /// <summary>Gives the log of the silo.</summary>
    internal required SiloGrid Silo { get; init; }

    /// <summary>The log.</summary>
    /// <exception cref="EventLogException">The silo has not started yet.</exception>
    internal IEventLog Log => Silo.Host?.Log ?? throw new EventLogException(
        EventLogError.Unavailable, "The silo starts, and reads no events yet.");

    /// <summary>Definitions and plans.</summary>
    internal required GridContext Grid { get; init; }

    /// <summary>Makes grains.</summary>
    internal required IGrainFactory Grains { get; init; }

    /// <summary>Makes decoders.</summary>
    internal required EventDecoderFactory Decoders { get; init; }

    /// <summary>The clock.</summary>
    internal required TimeProvider Time { get; init; }

    /// <summary>Names this silo to people.</summary>
    internal required string Name { get; init; }

    /// <summary>The present time, milliseconds since the Unix epoch.</summary>
    internal long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();
}
