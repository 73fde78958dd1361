using System.Text;

namespace ContextGrid.Cli.Tests;

public sealed class LocalCommandsTests
{
    [Fact]
    public async Task Generate_SameSeed_GivesTheSameLines()
    {
        var (first, second, other) = (await GenerateAsync("7"), await GenerateAsync("7"), await GenerateAsync("8"));

        Assert.Equal(20, Encoding.UTF8.GetString(first).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(first, second);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public async Task Validate_BrokenDefinitions_PrintsEveryPlaceAndFails()
    {
        var directory = Directory.CreateTempSubdirectory("contextgrid-cli-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(directory.FullName, "a.yaml"), "version: 1\nevnts: {}\nfoo: 1\n");

            var run = await CliRun.RunAsync(["definitions", "validate", directory.FullName], null);

            Assert.Equal(1, run.ExitCode);
            Assert.Contains("a.yaml:2:1: ", run.Out, StringComparison.Ordinal);
            Assert.Contains("a.yaml:3:1: ", run.Out, StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task ExplainDefinitions_BothForms_ShowWhatFeaturesShare()
    {
        const string Yaml = """
            version: 1
            events: {payment: {topic: payments, fields: {user_id: string}}}
            entities:
              user:
                from: {payment: user_id}
                features: {n: payment | count() over 5m, r: payment | rate() over 5m}
            """;
        var directory = Directory.CreateTempSubdirectory("contextgrid-cli-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(directory.FullName, "a.yaml"), Yaml);

            var people = await CliRun.RunAsync(["definitions", "explain", directory.FullName], null);
            var program = await CliRun.RunAsync(["definitions", "explain", directory.FullName, "user", "--json"], null);
            var wrong = await CliRun.RunAsync(["definitions", "explain", directory.FullName, "usr"], null);

            Assert.Contains("count() for n, r", people.Out, StringComparison.Ordinal);
            Assert.Contains("\"keeps\":\"count()\",\"features\":[\"n\",\"r\"]", program.Out, StringComparison.Ordinal);
            Assert.Equal(1, wrong.ExitCode);
            Assert.Contains("there are user", wrong.Error, StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Help_Root_ListsOnlyWhatWorks()
    {
        var run = await CliRun.RunAsync(["--help"], null);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("contextgrid [command]", run.Out, StringComparison.Ordinal);
        Assert.Contains("publish", run.Out, StringComparison.Ordinal);
        Assert.Contains("replay", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("export", run.Out, StringComparison.Ordinal);
    }

    private static async Task<byte[]> GenerateAsync(string seed)
    {
        var output = new MemoryStream();
        var run = await CliRun.RunAsync(["generate", "--events", "20", "--seed", seed], null, output);
        Assert.Equal(0, run.ExitCode);
        return output.ToArray();
    }
}
