using System.Globalization;
using ContextGrid.Runtime.Verification;
using static ContextGrid.Runtime.Tests.Verification.DataFiles;
using static ContextGrid.Runtime.Tests.Verification.DataTemplate;

namespace ContextGrid.Runtime.Tests.Verification;

/// <summary>
/// Whatever is damaged, a repair only moves: every file is where it was or aside, byte for byte, and a second repair
/// finds nothing more to move. CONTEXTGRID_SEED runs another seed.
/// </summary>
public sealed class RepairPropertyTests(DataTemplate data) : IClassFixture<DataTemplate>
{
    private const int Rounds = 60;

    private readonly int _seed = int.Parse(
        Environment.GetEnvironmentVariable("CONTEXTGRID_SEED") ?? "7", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Repair_AnyDamage_OnlyMoves()
    {
        var random = new Random(_seed);
        int moved = 0;
        for (int round = 0; round < Rounds; round++)
        {
            string copy = data.Copy();
            string[] done = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Damage(copy, random))];
            string what = $"seed {_seed}, round {round}: {string.Join("; ", done)}";
            SortedDictionary<string, string> before = Tree(copy);
            try
            {
                (VerifySummary summary, _) = await VerifyAsync(copy, repair: true);
                moved += summary.Moved.Length;
                RequireOnlyMoved(before, Tree(copy), summary, what);
                (summary, _) = await VerifyAsync(copy, repair: true);
                Assert.True(summary.Moved.IsEmpty, $"{what}: a second repair moves {string.Join(", ", summary.Moved)}");
            }
            catch (VerifyException e)
            {
                // Without a readable format file it may be anybody's directory.
                Assert.True(e.IsWrongUse, what);
                Assert.Equal(before, Tree(copy));
            }
        }

        Assert.True(moved > Rounds / 2, $"seed {_seed}: only {moved} files were moved.");
    }

    private static string Damage(string directory, Random random)
    {
        string[] files = [.. Directory.GetFiles(directory, "*", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal).Where(f => new FileInfo(f).Length > 0)];
        string file = files[random.Next(files.Length)];
        long length = new FileInfo(file).Length;
        switch (random.Next(5))
        {
            case 0:
                Flip(file, random.NextInt64(length), (byte)(1 << random.Next(8)));
                return $"a bit flipped in {file}";
            case 1:
                using (FileStream cut = File.OpenWrite(file))
                {
                    cut.SetLength(random.NextInt64(length));
                }

                return $"{file} cut short";
            case 2:
                File.Delete(file);
                return $"{file} gone";
            case 3:
                File.Copy(file, file + ".copy", overwrite: true);
                return $"{file} copied beside itself";
            default:
                string orphan = Path.Combine(
                    directory, "checkpoints", "segments", $"00000000000000000001-{random.Next(50, 90)}");
                File.WriteAllText(orphan, "orphan");
                return orphan;
        }
    }

    private static void RequireOnlyMoved(
        SortedDictionary<string, string> before,
        SortedDictionary<string, string> after,
        VerifySummary summary,
        string what)
    {
        int files = 0;
        foreach ((string path, string content) in before.Where(f => f.Value != "directory"))
        {
            string now = summary.Moved.Contains(path) ? Path.Combine(summary.AsideDirectory ?? "", path) : path;
            Assert.True(after.GetValueOrDefault(now) == content, $"{what}: {path} is not at {now}");
            files++;
        }

        Assert.True(files == after.Count(f => f.Value != "directory"), $"{what}: there are other files than before");
    }
}
