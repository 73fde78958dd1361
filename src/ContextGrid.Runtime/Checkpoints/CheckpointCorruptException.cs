using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Checkpoints;

/// <summary>A blob's bytes are not what was written.</summary>
public sealed class CheckpointCorruptException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="blob">The blob's name in the store.</param>
    /// <param name="offset">Where in the blob, in bytes from its start.</param>
    /// <param name="what">What is wrong there, as a clause.</param>
    public CheckpointCorruptException(string blob, long offset, string what)
        : base(Sentence.End($"{blob} is corrupt at byte {offset}: {what}")) => (Blob, Offset) = (blob, offset);

    /// <summary>The blob's name in the store.</summary>
    public string Blob { get; }

    /// <summary>Where in the blob, in bytes from its start.</summary>
    public long Offset { get; }
}
