using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Files;

namespace ContextGrid.Runtime.Backups;

/// <summary>
/// A published checkpoint whose files are held open. Garbage collection may take their names meanwhile; an open file
/// keeps its bytes, so checkpoints go on while a backup copies.
/// </summary>
internal sealed class CheckpointPin : IDisposable
{
    // Two publishes must come between reading a manifest and opening its segments for one of them to be gone.
    private const int AttemptsMax = 8;

    private readonly List<IFile> _files = [];

    private CheckpointPin(CheckpointManifest manifest) => Manifest = manifest;

    /// <summary>The checkpoint.</summary>
    public CheckpointManifest Manifest { get; }

    /// <summary>The open segments, in the manifest's order.</summary>
    public IReadOnlyList<IFile> Segments => _files;

    /// <summary>Opens the segments of the newest checkpoint.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="root">The directory of checkpoints.</param>
    /// <param name="current">Gives the newest checkpoint.</param>
    /// <exception cref="BackupException">They go as fast as they are opened.</exception>
    public static CheckpointPin Take(IFileSystem files, string root, Func<CheckpointManifest> current)
    {
        for (int attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var pin = new CheckpointPin(current());
            try
            {
                foreach (SegmentInfo segment in pin.Manifest.Segments)
                {
                    pin._files.Add(files.Open(Path.Combine(root, segment.Name), FileMode.Open, FileAccess.Read));
                }

                return pin;
            }
            catch (FileNotFoundException)
            {
                // Newer checkpoints have taken its place: the newest one has what it had.
                pin.Dispose();
            }
            catch
            {
                pin.Dispose();
                throw;
            }
        }

        throw new BackupException(
            BackupError.Failed, "Checkpoints follow each other faster than one of them can be opened. Try again.");
    }

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(file => file.Dispose());
}
