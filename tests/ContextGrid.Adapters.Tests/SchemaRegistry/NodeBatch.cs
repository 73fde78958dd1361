using System.Diagnostics;
using System.Text.Json.Nodes;

namespace ContextGrid.Adapters.Tests.SchemaRegistry;

/// <summary>Runs a script of node once: one JSON text in, one out.</summary>
internal static class NodeBatch
{
    internal static async Task<JsonArray> RunAsync(string modules, string script, JsonArray input)
    {
        const string Frame = "const run = (avro, input) => { BODY };"
            + "const text = require('fs').readFileSync(0, 'utf8');"
            + "process.stdout.write(JSON.stringify(run(require(process.argv[1] + '/avsc'), JSON.parse(text))));";
        string program = Frame.Replace("BODY", script, StringComparison.Ordinal);
        var start = new ProcessStartInfo("node", ["-e", program, modules])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("node did not start.");
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input.ToJsonString());
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, await error);
        return JsonNode.Parse(await output)?.AsArray() ?? [];
    }
}
