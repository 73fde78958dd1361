using System.Diagnostics;

namespace ContextGrid.LoadTests.Ladder;

/// <summary>A ceiling of the machine: write and fdatasync of blocks at the end of a file, nothing else.</summary>
internal static class DiskCeiling
{
    private const double Seconds = 3;

    internal static void Run(Arguments arguments)
    {
        string directory = Directory.CreateTempSubdirectory("contextgrid-fsync-").FullName;
        try
        {
            foreach (int bytes in (int[])[4_096, 65_536, 1_048_576])
            {
                (double rate, LatencyHistogram sync) = Measure(Path.Combine(directory, $"{bytes}"), bytes, Seconds);
                string size = bytes < 1_048_576 ? $"{bytes / 1024} KiB" : "1 MiB";
                new Row("ceilings", $"write + fdatasync of {size}: p50", "ms", sync.Quantile(0.5) / 1e6).Print();
                new Row("ceilings", $"write + fdatasync of {size}: p99", "ms", sync.Quantile(0.99) / 1e6).Print();
                new Row("ceilings", $"write + fdatasync of {size}", "MB/s", rate / 1e6).Print();
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Appends blocks one after the other; bytes a second, and nanoseconds of each.</summary>
    internal static (double BytesPerSecond, LatencyHistogram Sync) Measure(string path, int blockBytes, double seconds)
    {
        byte[] block = new byte[blockBytes];
        new Random(1).NextBytes(block);
        var sync = new LatencyHistogram();
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        long written = 0, started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
        {
            long before = Stopwatch.GetTimestamp();
            RandomAccess.Write(file.SafeFileHandle, block, written);
            RandomAccess.FlushToDisk(file.SafeFileHandle);
            sync.Record(Stopwatch.GetElapsedTime(before));
            written += blockBytes;
        }

        return (written / Stopwatch.GetElapsedTime(started).TotalSeconds, sync);
    }
}
