using System.Globalization;

namespace ContextGrid.Integration.Tests.Cluster;

/// <summary>A silo that can't start says why in one line, and ends.</summary>
public sealed class SiloRefusalTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly GridFolder _grid = new();
    private readonly string _silo =
        string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{PartProcess.FreePort()}");

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Start_OtherDefinitionsThanTheState_OneLineSaysWhatDiffers()
    {
        await using (ServerProcess server = await _grid.StartAsync("--cluster", "--silo", _silo))
        {
            Assert.Equal(0, await server.TerminateAsync(Limit));
        }

        _grid.WriteDefinitions(
            GridFolder.Payments.Replace("sum(items) over 1h", "sum(items) over 2h", StringComparison.Ordinal));
        await RequireLineAsync("'feature payment | sum(items) over 1h' is now 'feature payment | sum(items) over 2h'");
    }

    [Theory]
    [InlineData("--demo-rate", "10")]
    [InlineData("--kafka", "127.0.0.1:1", "--partitions", "2")]
    public async Task Start_OptionWithoutEffect_IsWrongUse(params string[] more)
    {
        ProcessRun run = await _grid.RunAsync(["--cluster", "--silo", _silo, .. more]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(more[^2] + " has no effect", run.Error + run.Output, StringComparison.Ordinal);
    }

    private async Task RequireLineAsync(string part)
    {
        ProcessRun run = await _grid.RunAsync("--cluster", "--silo", _silo);
        string output = (run.Output + run.Error).Trim();
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(part, output, StringComparison.Ordinal);
        Assert.StartsWith("contextgrid: ", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', output);
    }
}
