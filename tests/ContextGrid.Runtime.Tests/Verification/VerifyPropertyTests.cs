using System.Globalization;
using ContextGrid.Runtime.Verification;
using static ContextGrid.Runtime.Tests.Verification.DataFiles;
using static ContextGrid.Runtime.Tests.Verification.DataTemplate;

namespace ContextGrid.Runtime.Tests.Verification;

/// <summary>
/// Random damage anywhere in a data directory: the check finds it, or the place is one of those listed here with the
/// reason why it does not matter. CONTEXTGRID_SEED runs another seed.
/// </summary>
public sealed class VerifyPropertyTests(DataTemplate data) : IClassFixture<DataTemplate>
{
    private const int Rounds = 200;

    private readonly int _seed = int.Parse(
        Environment.GetEnvironmentVariable("CONTEXTGRID_SEED") ?? "4", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Verify_AnyBitFlipped_IsFound()
    {
        string copy = data.Copy();
        string[] files = Damageable(copy);
        var random = new Random(_seed);
        for (int i = 0; i < Rounds * 4; i++)
        {
            string file = files[random.Next(files.Length)];
            long at = random.NextInt64(new FileInfo(file).Length);
            byte mask = (byte)(1 << random.Next(8));
            Flip(file, at, mask);
            await RequireFoundAsync(copy, $"bit {mask} of byte {at} in {file}");
            Flip(file, at, mask);
        }

        Assert.True((await VerifyAsync(copy)).Summary.IsSound);
    }

    [Fact]
    public async Task Verify_AnyFileCutShort_IsFound()
    {
        string copy = data.Copy();
        string[] files = [.. Damageable(copy).Where(f => !IsTail(f) && Path.GetExtension(f) != ".index")];
        var random = new Random(_seed);
        for (int i = 0; i < Rounds; i++)
        {
            string file = files[random.Next(files.Length)];
            byte[] whole = await File.ReadAllBytesAsync(file);
            int length = random.Next(whole.Length);
            await File.WriteAllBytesAsync(file, whole[..length]);
            await RequireFoundAsync(copy, $"{file} cut to {length} of {whole.Length} bytes");
            await File.WriteAllBytesAsync(file, whole);
        }
    }

    [Fact]
    public async Task Verify_AByteMoreAnywhere_IsFound()
    {
        string copy = data.Copy();
        string[] files = Damageable(copy);
        var random = new Random(_seed);
        for (int i = 0; i < Rounds; i++)
        {
            string file = files[random.Next(files.Length)];
            byte[] whole = await File.ReadAllBytesAsync(file);
            int at = random.Next(whole.Length + 1);
            byte more = (byte)random.Next(1, 256);
            await File.WriteAllBytesAsync(file, [.. whole[..at], more, .. whole[at..]]);

            bool isSpace = file.EndsWith(".json", StringComparison.Ordinal) && char.IsWhiteSpace((char)more);

            // A byte or two behind the log's end are the rest of a write that was cut short, as a crash leaves it.
            (VerifySummary summary, List<Finding> findings) = await VerifyAsync(copy);
            bool isRest = at == whole.Length && findings.Exists(f => f.What.Contains("was interrupted here"));
            Assert.True(
                !summary.IsSound || isRest || isSpace, $"seed {_seed}: byte {more} put before byte {at} of {file}");
            await File.WriteAllBytesAsync(file, whole);
        }
    }

    [Fact]
    public async Task Verify_AnyFileIsGone_IsFound()
    {
        string copy = data.Copy();
        string oldestManifest = Manifests(copy)[0];
        string newestManifest = Manifests(copy)[^1];
        string oldestSegment = Segments(copy)[0];
        string?[] ends = [.. Manifests(copy).GroupBy(Path.GetDirectoryName).Select(m => m.Max(StringComparer.Ordinal))];
        foreach (string file in Damageable(copy))
        {
            // What ended a lineage is kept for a while and then collected. Retention takes the oldest segment and
            // garbage collection the oldest manifest in just this way; without the newest manifest the directory is
            // what it was before that one was published.
            bool mayGo = ends.Contains(file) || file == oldestManifest || file == newestManifest
                || file == oldestSegment
                || file.Contains("dead-letters/0", StringComparison.Ordinal);
            File.Move(file, copy + "-gone");
            (VerifySummary summary, List<Finding> findings) = await VerifyAsync(copy);
            bool isNoted = findings.Exists(f => f.Severity == FindingSeverity.Info);
            Assert.True(mayGo || !summary.IsSound || isNoted, $"{file} is gone, and nothing says so");
            File.Move(copy + "-gone", file);
        }
    }

    private async Task RequireFoundAsync(string directory, string what)
    {
        (VerifySummary summary, List<Finding> findings) = await VerifyAsync(directory);
        Assert.False(summary.IsSound, $"seed {_seed}: nothing is found of {what}:\n{string.Join('\n', findings)}");
    }

    /// <summary>All but empty lock files, and the file that names the last process to people.</summary>
    private static string[] Damageable(string directory) =>
        [.. Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Where(f => new FileInfo(f).Length > 0 && Path.GetFileName(f) != "process")];

    /// <summary>The end of the dead letters, that nothing else points to: cut there, it is a log of an earlier moment.
    /// </summary>
    private static bool IsTail(string file) => file.Contains("dead-letters/0", StringComparison.Ordinal);
}
