using System.Globalization;

namespace ContextGrid.Integration.Tests.Faults.Disks;

/// <summary>
/// A small ext4 file system in a file, mounted by a loop device: it fills up, and it turns read-only as a real one does
/// after an error. Where the machine does not allow to mount, the test is skipped, loudly.
/// </summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private const int BlockBytes = 4_096;

    private readonly TemporaryDirectory _root = new();

    private SmallDisk()
    {
    }

    /// <summary>A directory in it that does not exist yet.</summary>
    internal string Data => Path.Combine(Directory, "data");

    private string Image => Path.Combine(_root.Path, "image");

    private string Directory => Path.Combine(_root.Path, "disk");

    private string Ballast => Path.Combine(Directory, "ballast");

    /// <summary>Makes and mounts one.</summary>
    internal static async Task<SmallDisk> MountAsync()
    {
        var disk = new SmallDisk();
        ProcessRun made = await ShellAsync(
            $"truncate -s 16M {disk.Image} && mkfs.ext4 -q -F -m 0 -b {BlockBytes} {disk.Image} "
            + $"&& mkdir {disk.Directory}");
        ProcessRun run = made.ExitCode == 0 ? await disk.TryMountAsync("rw") : made;
        if (run.ExitCode != 0)
        {
            disk._root.Dispose();
            Assert.Skip($"A small disk can't be mounted here, so nothing fills up: {run.Error.Trim()}");
        }

        return disk;
    }

    /// <summary>Takes all space that is left.</summary>
    internal void Fill()
    {
        byte[] block = new byte[BlockBytes];
        using var file = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                file.Write(block);
            }
        }
        catch (IOException e) when (e.HResult == 28)
        {
            // Full, which was the aim.
        }
    }

    /// <summary>Gives the space back.</summary>
    internal void Free() => File.Delete(Ballast);

    /// <summary>
    /// Lets the kernel find an error in it: from then on it is read-only, also for files that are open.
    /// </summary>
    internal async Task FailAsync()
    {
        ProcessRun run = await ShellAsync(
            $"echo test > /sys/fs/ext4/$(basename $(findmnt -no SOURCE {Directory}))/trigger_fs_error");
        Assert.SkipUnless(run.ExitCode == 0, $"A disk can't be made to fail here: {run.Error.Trim()}");
    }

    /// <summary>Unmounts it and mounts it again.</summary>
    /// <param name="mode">For writing, <c>rw</c>, or <c>ro</c>.</param>
    internal async Task MendAsync(string mode = "rw")
    {
        (await ShellAsync($"umount {Directory}")).RequireSuccess();
        (await TryMountAsync(mode)).RequireSuccess();
    }

    public async ValueTask DisposeAsync()
    {
        await ShellAsync($"umount {Directory} || umount -l {Directory}");
        _root.Dispose();
    }

    private Task<ProcessRun> TryMountAsync(string mode) =>
        ShellAsync($"mount -o {mode},loop,errors=remount-ro {Image} {Directory}");

    private static Task<ProcessRun> ShellAsync(string command) => ProcessRun.RunAsync(
        "sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"PATH=$PATH:/usr/sbin:/sbin; {command}")]);
}
