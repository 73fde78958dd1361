using System.Reflection;
using System.Text.Json;

namespace ContextGrid.Integration.Tests.Clients;

/// <summary>
/// Calls a gRPC method as a program of another language would, from the .proto files of the contract alone. Each test
/// that lacks the program's runtime is skipped.
/// </summary>
public static class ForeignClient
{
    private static readonly string ToolsDirectory = typeof(ForeignClient).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "GrpcToolsDirectory").Value ?? "";

    /// <summary>The clients, for theories.</summary>
    public static TheoryData<string> Names => ["python", "node"];

    /// <summary>Calls a method and returns the printed lines: the responses, then the status.</summary>
    /// <param name="client">"python" or "node".</param>
    /// <param name="target">Host and port of the server.</param>
    /// <param name="method">Such as contextgrid.v1.ContextService/GetContext.</param>
    /// <param name="requests">A JSON array of requests.</param>
    /// <param name="options">Further options, as call.py tells them.</param>
    public static async Task<ForeignAnswer> CallAsync(
        string client, string target, string method, string requests, params string[] options)
    {
        string[] arguments =
        [
            "--include", Path.Combine(SharedParts.RepositoryRoot(), "src", "ContextGrid.Contracts"),
            "--include", Path.Combine(SharedParts.RepositoryRoot(), "tests", "ContextGrid.Integration.Tests", "Protos"),
            "--include", Path.Combine(ToolsDirectory, "build", "native", "include"),
            "--proto", ProtoOf(method), "--proto", "google/rpc/status.proto",
            "--proto", "google/rpc/error_details.proto",
            .. options, target, method, requests,
        ];
        var run = client == "python"
            ? await PythonAsync(arguments)
            : await NodeAsync(arguments);
        var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(run.ExitCode is 0 or 1 && lines.Length > 0, $"exit code {run.ExitCode}\n{run.Output}\n{run.Error}");
        return new ForeignAnswer(run.ExitCode, [.. lines.Select(l => JsonDocument.Parse(l).RootElement)]);
    }

    private static async Task<ProcessRun> PythonAsync(string[] arguments)
    {
        var python = await DebianPackages.RequirePythonGrpcAsync();
        var protoc = Path.Combine(ToolsDirectory, "tools", "linux_x64", "protoc");
        return await ProcessRun.RunAsync(python, [Script("call.py"), "--protoc", protoc, .. arguments]);
    }

    private static async Task<ProcessRun> NodeAsync(string[] arguments)
    {
        var modules = await NodePackages.RequireAsync("@grpc/grpc-js", "@grpc/proto-loader");
        var environment = new Dictionary<string, string> { ["NODE_PATH"] = modules };
        return await ProcessRun.RunAsync("node", [Script("call.cjs"), .. arguments], environment);
    }

    private static string ProtoOf(string method) => method switch
    {
        _ when method.StartsWith("grpc.testing.", StringComparison.Ordinal) => "grpc/testing/test.proto",
        _ when method.StartsWith("grpc.health.", StringComparison.Ordinal) => "grpc/health/v1/health.proto",
        _ when method.Contains("IngestService", StringComparison.Ordinal) => "contextgrid/v1/ingest.proto",
        _ when method.Contains("AdminService", StringComparison.Ordinal) => "contextgrid/v1/admin.proto",
        _ => "contextgrid/v1/context.proto",
    };

    private static string Script(string name) =>
        Path.Combine(SharedParts.RepositoryRoot(), "tests", "ContextGrid.Integration.Tests", "Clients", name);
}

/// <summary>What a foreign client printed.</summary>
/// <param name="ExitCode">0: OK, or cut by --take; 1: another status.</param>
/// <param name="Lines">The responses and, unless cut, the status as the last line.</param>
public sealed record ForeignAnswer(int ExitCode, IReadOnlyList<JsonElement> Lines)
{
    /// <summary>The status line.</summary>
    public JsonElement Status => Lines[^1];
}
