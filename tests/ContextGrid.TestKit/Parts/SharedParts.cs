namespace ContextGrid.TestKit.Parts;

/// <summary>Finds the real parts that tests run against: programs that are not of this repository.</summary>
public static class SharedParts
{
    /// <summary>The full path of a program of the parts directory, which CONTEXTGRID_PARTS names and which else is
    /// <c>../shared</c> beside the repository; skips the test, loudly, where it is missing.</summary>
    public static string RequireProgram(string name) => RequireFile("bin/" + name);

    /// <summary>The full path of a file of the parts directory; skips the test, loudly, where it is missing.</summary>
    public static string RequireFile(string name)
    {
        var directory = Environment.GetEnvironmentVariable("CONTEXTGRID_PARTS")
            ?? Path.Combine(RepositoryRoot(), "..", "shared");
        var path = Path.GetFullPath(Path.Combine(directory, name));
        Assert.SkipUnless(File.Exists(path), $"{name} is not at {path}; set CONTEXTGRID_PARTS to the parts.");
        return path;
    }

    /// <summary>The directory that holds the solution.</summary>
    public static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "ContextGrid.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("The tests run outside of the repository.");
    }
}
