using System.CommandLine;

namespace ContextGrid.Server.Tests;

/// <summary>Every option of the server does what it says, or is refused with what to do.</summary>
public sealed class IdleOptionsTests
{
    private static readonly string[] Shared =
    [
        "--cluster", "--kafka", "127.0.0.1:1", "--snapshots", "state", "--membership", "redis:127.0.0.1:1",
    ];

    // What is given beside --cluster, Kafka and a shared store, and whether it is refused.
    private static readonly Dictionary<string, (string? Value, bool IsRefused)> Options = new(StringComparer.Ordinal)
    {
        ["--definitions"] = ("definitions", false),
        ["--data"] = ("data", true),
        ["--http"] = ("0", false),
        ["--grpc"] = ("0", false),
        ["--demo"] = (null, false),
        ["--demo-rate"] = ("100", true),
        ["--demo-users"] = ("100", true),
        ["--rebuild"] = (null, true),
        ["--partitions"] = ("2", true),
        ["--checkpoint-interval"] = ("2", false),
        ["--drain-seconds"] = ("2", false),
        ["--retention-days"] = ("2", true),
        ["--memory-max"] = ("1GB", false),
        ["--schema-registry"] = ("http://127.0.0.1:1", false),
        ["--connections-max"] = ("100", false),
        ["--calls-max"] = ("100", false),
        ["--streams-max"] = ("100", false),
        ["--watches-max"] = ("100", false),
        ["--watched-entities-max"] = ("100", false),
        ["--request-mib-max"] = ("100", false),
        ["--response-mib-max"] = ("100", false),
        ["--kafka-properties"] = ("file", false),
        ["--kafka-group"] = ("group", false),
        ["--dead-letter-topic"] = ("letters", false),
        ["--kafka-lost-offsets"] = ("latest", false),
        ["--cluster-name"] = ("name", false),
        ["--silo"] = ("127.0.0.1:4000", false),
        ["--silo-listen"] = ("127.0.0.1:4001", false),
        ["--otlp"] = ("http://127.0.0.1:1", false),
    };

    // Each has tests of its own for what it must stand beside.
    private static readonly string[] Elsewhere =
    [
        "--cluster", "--kafka", "--snapshots", "--membership", "--grain-blobs", "--silo-tls-certificate",
        "--silo-tls-key", "--silo-tls-password", "--silo-tls-ca", "--cluster-dashboard", "--otlp-traces", "--help",
        "--version",
    ];

    public static TheoryData<string> Named => [.. Options.Keys];

    [Fact]
    public void Command_EveryOption_IsInTheTable()
    {
        RootCommand root = ServerOptions.Command(_ => Task.FromResult(0));
        Assert.Empty(root.Options.Select(o => o.Name).Except(Options.Keys).Except(Elsewhere));
        Assert.Empty(Options.Keys.Except(root.Options.Select(o => o.Name)));
    }

    [Theory]
    [MemberData(nameof(Named))]
    public void Parse_OptionOnACluster_IsTakenOrRefusedByItsName(string option)
    {
        (string? value, bool isRefused) = Options[option];
        IReadOnlyList<string> errors = Errors([.. Shared, option, .. value is null ? [] : (string[])[value]]);
        if (!isRefused)
        {
            Assert.Empty(errors);
            return;
        }

        string error = Assert.Single(errors);
        Assert.StartsWith(option + " has no effect", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
    }

    [Theory]
    [InlineData("--cluster", "--data", "data")]
    [InlineData("--cluster", "--partitions", "2")]
    [InlineData("--cluster", "--retention-days", "2")]
    [InlineData("--cluster", "--demo", "--demo-rate", "10", "--demo-users", "10")]
    [InlineData("--kafka", "127.0.0.1:1", "--data", "data", "--memory-max", "1GB", "--rebuild")]
    [InlineData("--memory-max", "1GB", "--rebuild", "--partitions", "2", "--retention-days", "2")]
    public void Parse_OptionsThatHaveAnEffect_AreTaken(params string[] args) => Assert.Empty(Errors(args));

    [Theory]
    [InlineData("--kafka-group", "group")]
    [InlineData("--dead-letter-topic", "letters")]
    [InlineData("--kafka-lost-offsets", "latest")]
    [InlineData("--kafka-properties", "file")]
    [InlineData("--demo-rate", "10")]
    public void Parse_OptionWithoutTheOneItIsFor_IsRefused(string option, string value) => Assert.StartsWith(
        option + " has no effect: it is for --", Assert.Single(Errors([option, value])), StringComparison.Ordinal);

    private static IReadOnlyList<string> Errors(string[] args) =>
        [.. ServerOptions.Command(_ => Task.FromResult(0)).Parse(args).Errors.Select(e => e.Message)];
}
