using ContextGrid.Runtime.Files;

namespace ContextGrid.Runtime.Tests.Embedded.Log;

/// <summary>The disk, with something that happens before the log's writer flushes a file.</summary>
internal sealed class FlushHook(Action beforeFlush) : IFileSystem
{
    private readonly DiskFileSystem _disk = DiskFileSystem.Instance;

    public IFile Open(string path, FileMode mode, FileAccess access) =>
        new HookedFile(_disk.Open(path, mode, access), beforeFlush);

    public IDisposable Lock(string path) => _disk.Lock(path);

    public bool FileExists(string path) => _disk.FileExists(path);

    public bool DirectoryExists(string path) => _disk.DirectoryExists(path);

    public IReadOnlyList<(string Path, long Bytes)> ListFiles(string directory, SearchOption depth) =>
        _disk.ListFiles(directory, depth);

    public IReadOnlyList<string> ListDirectories(string directory) => _disk.ListDirectories(directory);

    public void CreateDirectory(string path) => _disk.CreateDirectory(path);

    public void SyncDirectory(string path) => _disk.SyncDirectory(path);

    public void Delete(string path) => _disk.Delete(path);

    public void Move(string path, string name) => _disk.Move(path, name);

    public void MoveDirectory(string path, string name) => _disk.MoveDirectory(path, name);

    public bool TryLink(string existing, string name) => _disk.TryLink(existing, name);

    private sealed class HookedFile(IFile file, Action beforeFlush) : IFile
    {
        public long Length => file.Length;

        public DateTime LastWriteTime
        {
            get => file.LastWriteTime;
            set => file.LastWriteTime = value;
        }

        public int Read(Span<byte> buffer, long offset) => file.Read(buffer, offset);

        public void Write(ReadOnlySpan<byte> bytes, long offset) => file.Write(bytes, offset);

        public void SetLength(long bytes) => file.SetLength(bytes);

        public void Flush() => file.Flush();

        public async ValueTask FlushAsync()
        {
            await Task.Yield();
            beforeFlush();
            await file.FlushAsync();
        }

        public void Dispose() => file.Dispose();
    }
}
