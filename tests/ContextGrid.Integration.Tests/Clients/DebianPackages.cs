namespace ContextGrid.Integration.Tests.Clients;

/// <summary>Finds programs of Debian packages, and installs them where the tests may.</summary>
public static class DebianPackages
{
    private const string Python = "/usr/bin/python3";

    private static readonly Lazy<Task<bool>> PythonGrpc = new(FindPythonGrpcAsync);

    /// <summary>A Python with grpcio and protobuf; skips the test where there is none.</summary>
    public static async Task<string> RequirePythonGrpcAsync()
    {
        Assert.SkipUnless(await PythonGrpc.Value, "python3-grpcio is missing: apt-get install python3-grpcio");
        return Python;
    }

    private static async Task<bool> FindPythonGrpcAsync()
    {
        if (await HasGrpcAsync())
        {
            return true;
        }

        if (Environment.UserName != "root" || !File.Exists("/usr/bin/apt-get"))
        {
            return false;
        }

        await ProcessRun.RunAsync("/usr/bin/apt-get", ["update"]);
        await ProcessRun.RunAsync("/usr/bin/apt-get", ["install", "-y", "python3-grpcio", "python3-protobuf"]);
        return await HasGrpcAsync();
    }

    private static async Task<bool> HasGrpcAsync() =>
        File.Exists(Python)
        && (await ProcessRun.RunAsync(Python, ["-c", "import grpc, google.protobuf"])).ExitCode == 0;
}
