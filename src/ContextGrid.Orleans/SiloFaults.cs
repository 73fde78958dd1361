using ContextGrid.Core.Snapshots;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Ingestion;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;

namespace ContextGrid.Orleans;

/// <summary>
/// Says in a sentence why a call of a grain failed. What stands in answers, status and readiness comes from here: an
/// exception's own text may have traces, names of types and addresses of grains in it, and one that has come from
/// another silo may have lost what it was. The log has it whole.
/// </summary>
internal static class SiloFaults
{
    private const int CharactersMax = 300;

    // Exceptions whose messages are sentences for people.
    private static readonly Type[] Told =
    [
        typeof(SnapshotStoreException), typeof(CheckpointCorruptException), typeof(OwnerFencedException),
        typeof(EventLogException), typeof(SchemaUnavailableException), 
        typeof(Replay.ReplayFailedException),
        typeof(SnapshotFormatException),
    ];

    /// <summary>The sentence, without its full stop where it has none.</summary>
    internal static string Sentence(Exception e)
    {
        if (Find(e) is { } told)
        {
            string line = told.Message.ReplaceLineEndings(" ");
            return line.Length <= CharactersMax ? line : line[..CharactersMax] + "…";
        }

        return e switch
        {
            TimeoutException or OperationCanceledException => "a silo did not answer in time",
            InconsistentStateException => "another silo has written the state meanwhile",
            OrleansException => "a silo can't be reached at present",
            _ => "a silo failed, and its log tells why",
        };
    }

    /// <summary>The exception for the log, where the sentence does not say all; else null.</summary>
    internal static Exception? ForLog(Exception e) => Find(e) is null ? e : null;

    private static Exception? Find(Exception e)
    {
        for (Exception? at = e; at is not null; at = at.InnerException)
        {
            if (IsTold(at))
            {
                return at;
            }
        }

        return null;
    }

    // A type that the receiver does not let in keeps its name and its message. None is generic, so each has a name.
    private static bool IsTold(Exception e) => Array.Exists(
        Told,
        t => e.GetType() == t
            || (e is UnavailableExceptionFallbackException fallback
                && fallback.ExceptionType?.Contains(t.FullName!, StringComparison.Ordinal) == true));
}
