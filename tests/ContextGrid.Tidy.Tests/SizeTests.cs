namespace ContextGrid.Tidy.Tests;

public sealed class SizeTests
{
    private const int LineCharsMax = 120;

    [Fact]
    public void Files_All_KeepToTheirSize()
    {
        var sizes = Repository.SourceFiles.ToDictionary(path => path, path => Repository.Lines(path).Length);
        Report.Fail(Ratchet.Check("long-files.txt", sizes, limit: 600, limitHard: 1000));
    }

    [Fact]
    public void Methods_All_KeepToTheirSize()
    {
        var sizes = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string path in Repository.SourceFiles)
        {
            foreach (SourceShape.Part method in SourceShape.Of(Repository.Read(path)).Methods)
            {
                string name = $"{path}:{method.Name}";
                sizes[name] = Math.Max(sizes.GetValueOrDefault(name), method.Lines);
            }
        }

        Assert.True(sizes.Count > 100, "The scanner of methods found next to nothing.");
        Report.Fail(Ratchet.Check("long-methods.txt", sizes, limit: 60, limitHard: 90));
    }

    [Fact]
    public void Lines_OfSources_HaveAtMost120Characters()
    {
        var longLines = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string path in Repository.SourceFiles)
        {
            longLines[path] = Repository.Lines(path).Count(line => line.Length > LineCharsMax);
        }

        Report.Fail(Ratchet.Check("long-lines.txt", longLines, limit: 0, limitHard: int.MaxValue));
    }
}
