using System.ComponentModel;
using ContextGrid.TestKit.Processes;

namespace ContextGrid.TestKit.Parts;

/// <summary>Finds npm packages, and installs them into a directory of their own where the tests may.</summary>
public static class NodePackages
{
    private static readonly SemaphoreSlim One = new(1, 1);

    /// <summary>The directory of modules that holds the packages; skips the test where they cannot be had.</summary>
    /// <param name="packages">Names on the registry, such as <c>@grpc/grpc-js</c>.</param>
    public static async Task<string> RequireAsync(params string[] packages)
    {
        string modules = Path.Combine(
            Path.GetTempPath(), $"contextgrid-npm-{Environment.UserName}", "node_modules");
        await One.WaitAsync();
        try
        {
            string[] missing = [.. packages.Where(p => !Directory.Exists(Path.Combine(modules, p)))];
            if (missing.Length > 0)
            {
                await InstallAsync(Path.GetDirectoryName(modules) ?? modules, packages);
            }
        }
        finally
        {
            One.Release();
        }

        string? lacking = packages.FirstOrDefault(p => !Directory.Exists(Path.Combine(modules, p)));
        Assert.SkipWhen(lacking is not null, $"{lacking} is missing: it takes node, npm and a package registry.");
        return modules;
    }

    private static async Task InstallAsync(string directory, string[] packages)
    {
        Directory.CreateDirectory(directory);
        try
        {
            await ProcessRun.RunAsync(
                "npm",
                ["install", "--prefix", directory, "--no-audit", "--no-fund", "--ignore-scripts", .. packages],
                most: TimeSpan.FromMinutes(5));
        }
        catch (Win32Exception)
        {
            // There is no npm.
        }
    }
}
