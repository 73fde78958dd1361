using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Files;

namespace ContextGrid.Runtime.Tests.Embedded;

public sealed class DataDirectoryTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-data-").FullName;

    private string Data => Path.Combine(_root, "deep", "data");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Open_MissingDirectory_MakesItAndOpensAgain()
    {
        for (int i = 0; i < 2; i++)
        {
            using var data = DataDirectory.Open(Data);
            Assert.Equal(Data, data.FullPath);
            Assert.Equal("contextgrid data 1\n", File.ReadAllText(Path.Combine(Data, "format")));
        }
    }

    [Fact]
    public void Open_SecondServer_NamesDirectoryAndProcess()
    {
        using var data = DataDirectory.Open(Data);
        Refused(Data, $"in use by another server (process {Environment.ProcessId})");
    }

    [Fact]
    public void Open_PathIsAFile_SaysSo()
    {
        string file = Path.Combine(_root, "file");
        File.WriteAllText(file, "");
        Refused(file, "is a file");
    }

    [Fact]
    public void Open_ForeignDirectory_IsRefusedAndUntouched()
    {
        File.WriteAllText(Path.Combine(_root, "thesis.txt"), "");
        Refused(_root, "thesis.txt");
        Assert.Single(Directory.GetFileSystemEntries(_root));
    }

    [Theory]
    [InlineData("contextgrid data 2")]
    [InlineData("contextgrid data 0")]
    [InlineData("something\nelse")]
    [InlineData("")]
    public void Open_UnknownFormat_IsRefused(string format)
    {
        DataDirectory.Open(Data).Dispose();
        File.WriteAllText(Path.Combine(Data, "format"), format);
        Refused(Data, "'contextgrid data 1'");
    }

    [Fact]
    public void Open_DiedBeforeTheFormatWasWritten_Continues()
    {
        Directory.CreateDirectory(Data);
        File.WriteAllText(Path.Combine(Data, "lock"), "");
        File.WriteAllText(Path.Combine(Data, "format.new"), "half");
        DataDirectory.Open(Data).Dispose();
        Assert.True(File.Exists(Path.Combine(Data, "format")));
    }

    [Fact]
    public void Open_NothingIsKeptYet_WritesTheFormatAnew()
    {
        // The file that is seen may not have become durable, and a name beside it may be of the same file.
        DataDirectory.Open(Data).Dispose();
        string format = Path.Combine(Data, "format");
        using FileStream before = File.OpenRead(format);
        Assert.True(DiskFileSystem.Instance.TryLink(format, format + ".new"));
        DataDirectory.Open(Data).Dispose();
        File.AppendAllText(format, "x");
        Assert.Equal("contextgrid data 1\n", new StreamReader(before).ReadToEnd());
    }

    [Fact]
    public void Open_CannotBeMade_SaysSoInOneLine()
    {
        string file = Path.Combine(_root, "file");
        File.WriteAllText(file, "");
        Refused(Path.Combine(file, "data"), "Check the path");
    }

    private static void Refused(string path, string expected)
    {
        var refused = Assert.Throws<DataDirectoryException>(() => DataDirectory.Open(path));
        Assert.StartsWith(path, refused.Message, StringComparison.Ordinal);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }
}
