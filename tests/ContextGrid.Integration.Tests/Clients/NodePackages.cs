using System.ComponentModel;

namespace ContextGrid.Integration.Tests.Clients;

/// <summary>Finds npm packages, and installs them into a directory of their own where the tests may.</summary>
public static class NodePackages
{
    private static readonly Lazy<Task<string?>> Grpc = new(FindGrpcAsync);

    /// <summary>The directory of modules that holds @grpc/grpc-js; skips the test where it cannot be had.</summary>
    public static async Task<string> RequireGrpcAsync()
    {
        var modules = await Grpc.Value;
        Assert.SkipWhen(modules is null, "@grpc/grpc-js is missing: it takes node, npm and a package registry.");
        return modules;
    }

    private static async Task<string?> FindGrpcAsync()
    {
        var directory = Path.Combine(Path.GetTempPath(), $"contextgrid-npm-{Environment.UserName}");
        var modules = Path.Combine(directory, "node_modules");
        try
        {
            if (!Directory.Exists(Path.Combine(modules, "@grpc", "proto-loader")))
            {
                Directory.CreateDirectory(directory);
                await ProcessRun.RunAsync(
                    "npm",
                    ["install", "--prefix", directory, "--no-audit", "--no-fund", "--ignore-scripts",
                     "@grpc/grpc-js", "@grpc/proto-loader"]);
            }

            return Directory.Exists(Path.Combine(modules, "@grpc", "proto-loader")) ? modules : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
