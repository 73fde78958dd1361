using System.Text.Json;

namespace ContextGrid.Cli.Tests;

public sealed class VerifyCommandTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-cli-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Verify_EmptyDataDirectory_IsSound()
    {
        await File.WriteAllTextAsync(Path.Combine(_root, "format"), "contextgrid data 1\n");

        var people = await CliRun.RunAsync(["verify", _root], null);
        var program = await CliRun.RunAsync(["verify", _root, "--json"], null);

        Assert.Equal((0, 0), (people.ExitCode, program.ExitCode));
        Assert.Contains("Sound. ", people.Out, StringComparison.Ordinal);
        Assert.Contains("MB/s", people.Out, StringComparison.Ordinal);
        using var first = JsonDocument.Parse(program.OutLines[0]);
        Assert.Equal("ok", first.RootElement.GetProperty("severity").GetString());
        using var last = JsonDocument.Parse(program.OutLines[^1]);
        Assert.True(last.RootElement.GetProperty("sound").GetBoolean());
    }

    [Fact]
    public async Task Verify_StrangeFile_FailsAndShowsIt()
    {
        await File.WriteAllTextAsync(Path.Combine(_root, "format"), "contextgrid data 1\n");
        await File.WriteAllTextAsync(Path.Combine(_root, "thesis.txt"), "");

        var run = await CliRun.RunAsync(["verify", _root], null);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("thesis.txt", run.Out, StringComparison.Ordinal);
        Assert.Contains("0 errors, 1 warning. ", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_LeftoverWithRepair_MovesItAndSaysWhere()
    {
        await File.WriteAllTextAsync(Path.Combine(_root, "format"), "contextgrid data 1\n");
        await File.WriteAllTextAsync(Path.Combine(_root, "format.new"), "half");

        var run = await CliRun.RunAsync(["verify", _root, "--repair"], null);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Moved to aside-", run.Out, StringComparison.Ordinal);
        var aside = Assert.Single(Directory.GetDirectories(_root, "aside-*"));
        Assert.Equal("half", await File.ReadAllTextAsync(Path.Combine(aside, "format.new")));
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("verify", "{root}")]
    [InlineData("verify", "{root}/none")]
    [InlineData("verify", "{root}", "--give-up", "log/t/0/00000000000000000000.log")]
    [InlineData("verify", "{root}", "--definitions", "{root}/none")]
    public async Task Verify_WrongUse_IsExitCode2(params string[] args)
    {
        var run = await CliRun.RunAsync(
            [.. args.Select(a => a.Replace("{root}", _root, StringComparison.Ordinal))], null);

        Assert.Equal(2, run.ExitCode);
        Assert.NotEmpty(run.Error);
        Assert.Empty(run.Out);
    }
}
