using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ContextGrid.Client;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>What stops a start is one line on standard error, and exit code 1; wrong use is exit code 2.</summary>
public sealed class StartErrorTests : IDisposable
{
    private readonly GridFolder _grid = new();

    public void Dispose() => _grid.Dispose();

    [Theory]
    [InlineData("--http")]
    [InlineData("--grpc")]
    public async Task Start_PortInUse_NamesAddressAndWhatToDo(string option)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        ProcessRun run = await _grid.RunAsync(option, port.ToString(CultureInfo.InvariantCulture));
        Refused(run, $"127.0.0.1:{port}", "in use", "Choose another port with --http or --grpc.");
    }

    [Fact]
    public async Task Start_DataIsAFile_SaysSo()
    {
        File.WriteAllText(_grid.Data, "");
        Refused(await _grid.RunAsync(), _grid.Data, "is a file");
    }

    [Fact]
    public async Task Start_DataCannotBeWritten_NamesTheDirectory()
    {
        ProcessRun run = await GridFolder.RunRawAsync(
            "--definitions", _grid.Definitions, "--data", "/proc/contextgrid", "--http", "0", "--grpc", "0");
        Refused(run, "/proc/contextgrid", "Check the path");
    }

    [Fact]
    public async Task Start_ForeignDirectory_IsLeftAlone()
    {
        Directory.CreateDirectory(_grid.Data);
        File.WriteAllText(Path.Combine(_grid.Data, "thesis.txt"), "");
        Refused(await _grid.RunAsync(), _grid.Data, "thesis.txt", "Name an empty or a new directory");
        Assert.Single(Directory.GetFileSystemEntries(_grid.Data));
    }

    [Fact]
    public async Task Start_SecondServerOnSameData_NamesDirectoryAndProcess()
    {
        await using ServerProcess first = await _grid.StartAsync();
        Refused(await _grid.RunAsync(), _grid.Data, "in use by another server", $"process {first.Id}");
        using ContextGridClient client = GridFolder.Connect(first);
        Assert.Single((await client.GetStatusAsync()).EntityTypes);
    }

    [Fact]
    public async Task Start_NoDefinitions_SaysWhatToName()
    {
        Directory.Delete(_grid.Definitions, recursive: true);
        Refused(await _grid.RunAsync(), _grid.Definitions, "--definitions");
    }

    [Fact]
    public async Task Start_BadDefinitions_TellsEveryError()
    {
        _grid.WriteDefinitions(GridFolder.Payments
            .Replace("merchant: string", "merchant: strin", StringComparison.Ordinal)
            .Replace("items: payment | sum(items)", "items: payment | sun(items)", StringComparison.Ordinal)
            .Replace("ticks: tick | count()", "ticks: tock | count()", StringComparison.Ordinal));
        ProcessRun run = await _grid.RunAsync();
        Assert.Equal(1, run.ExitCode);
        string[] lines = run.Error.Trim().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.StartsWith("definitions.yaml:", line, StringComparison.Ordinal));
        Assert.Contains("did you mean 'string'?", lines[0], StringComparison.Ordinal);
        Assert.Contains("did you mean 'sum'?", lines[1], StringComparison.Ordinal);
        Assert.Contains("tock", lines[2], StringComparison.Ordinal);
        Assert.False(Directory.Exists(_grid.Data));
    }

    [Fact]
    public async Task Start_DefinitionsNoLongerFit_IsRefusedUntilRebuild()
    {
        await using (ServerProcess server = await _grid.StartAsync())
        {
            using ContextGridClient client = GridFolder.Connect(server);
            await client.PublishAsync("ticks", """{"user_id":"u1","n":3}""", """{"user_id":"u1","n":5}""");
            Assert.Equal(0, await server.TerminateAsync(TimeSpan.FromSeconds(20)));
        }

        _grid.WriteDefinitions(GridFolder.Payments
            .Replace("tick_sum: tick | sum(n)", "tick_sum: tick | max(n)", StringComparison.Ordinal)
            + "  shop:\n    from: {payment: merchant}\n    features:\n      sold: payment | count()\n");
        Refused(
            await _grid.RunAsync(),
            _grid.Data, "entity 'shop' is new", "entity 'user' has other events or features", "--rebuild");

        await using ServerProcess rebuilt = await _grid.StartAsync("--rebuild");
        Assert.Contains("put aside", rebuilt.Output, StringComparison.Ordinal);
        await rebuilt.WaitUntilReadyAsync(TimeSpan.FromSeconds(20));
        using ContextGridClient reader = GridFolder.Connect(rebuilt);
        EntityResult user = await reader.GetAsync("user", "u1");
        Assert.Equal((2, 5), (user["ticks"].AsInt64, user["tick_sum"].AsInt64));
        Assert.Equal(0, await rebuilt.TerminateAsync(TimeSpan.FromSeconds(20)));

        await using ServerProcess again = await _grid.StartAsync();
        Assert.Contains("1 entity in the checkpoint", again.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--grpc", "abc", "--grpc is abc; it must be a whole number from 0 to 65535.")]
    [InlineData("--http", "70000", "--http is 70000; it must be a whole number from 0 to 65535.")]
    [InlineData("--checkpoint-interval", "0", "--checkpoint-interval is 0; it must be a whole number from 1 to 3600.")]
    [InlineData("--nope", "1", "'--nope'")]
    public async Task Start_WrongUse_ExitsWith2(string option, string value, string message)
    {
        ProcessRun run = await _grid.RunAsync(option, value);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    private static void Refused(ProcessRun run, params string[] fragments)
    {
        Assert.True(run.ExitCode == 1, $"exit code {run.ExitCode}\n{run.Output}\n{run.Error}");
        string line = Assert.Single(run.Error.Trim().Split('\n'));
        Assert.StartsWith("contextgrid: ", line, StringComparison.Ordinal);
        Assert.All(fragments, fragment => Assert.Contains(fragment, line, StringComparison.Ordinal));
    }
}
