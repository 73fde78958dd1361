using ContextGrid.Server.Cluster;

namespace ContextGrid.Server.Tests;

/// <summary>What the command line of a silo may say about TLS, the dashboard of Orleans and OpenTelemetry.</summary>
public sealed class OperationsArgumentsTests
{
    [Fact]
    public void Parse_NothingButCluster_IsNone() =>
        Assert.Equal(new ClusterOperations(null, null, null), Read("--cluster"));

    [Fact]
    public void Parse_Everything_IsRead()
    {
        ClusterOperations? operations = Read(
            "--cluster", "--silo-tls-certificate", "a.pem", "--silo-tls-key", "a.key", "--silo-tls-password", "a.txt",
            "--silo-tls-ca", "ca.pem", "--cluster-dashboard", "open", "--otlp", "https://collector:4318/x",
            "--otlp-traces", "0.25");
        Assert.Equal(
            ("a.pem", "a.key", "a.txt", "ca.pem"),
            (operations?.Tls?.Certificate, operations?.Tls?.Key, operations?.Tls?.PasswordFile,
                operations?.Tls?.Authority));
        Assert.True(operations?.Dashboard?.IsOpen);
        Assert.Equal(
            ("https://collector:4318/x", 0.25), (operations?.Otlp?.Endpoint.ToString(), operations?.Otlp?.TraceRatio));
    }

    [Fact]
    public void Parse_OtlpAlone_KeepsOneTraceInAHundred() =>
        Assert.Equal(0.01, Read("--cluster", "--otlp", "http://127.0.0.1:4318")?.Otlp?.TraceRatio);

    [Theory]
    [InlineData("--silo-tls-certificate", "a.pem")]
    [InlineData("--silo-tls-ca", "ca.pem")]
    [InlineData("--silo-tls-key", "a.key")]
    [InlineData("--silo-tls-password", "a.txt")]
    [InlineData("--cluster-dashboard", "Pa55word")]
    [InlineData("--cluster-dashboard", "@no/such/file")]
    [InlineData("--cluster-dashboard", "env:CONTEXTGRID_TEST_NOT_SET")]
    [InlineData("--otlp", "127.0.0.1:4318")]
    [InlineData("--otlp", "ftp://127.0.0.1")]
    [InlineData("--otlp-traces", "0.5")]
    [InlineData("--otlp", "http://127.0.0.1:4318", "--otlp-traces", "1.5")]
    [InlineData("--otlp", "http://127.0.0.1:4318", "--otlp-traces", "-1")]
    [InlineData("--otlp", "http://127.0.0.1:4318", "--otlp-traces", "NaN")]
    public void Parse_WrongValue_IsWrongUse(params string[] args) => Assert.Null(Read(["--cluster", .. args]));

    [Theory]
    [InlineData("--silo-tls-certificate", "a.pem")]
    [InlineData("--cluster-dashboard", "open")]
    [InlineData("--otlp", "http://127.0.0.1:4318")]
    public void Parse_WithoutCluster_IsWrongUse(string option, string value) => Assert.Null(Read(option, value));

    private static ClusterOperations? Read(params string[] args)
    {
        ServerOptions? parsed = null;
        int code = ServerOptions.Parse(args, options =>
        {
            parsed = options;
            return Task.FromResult(0);
        });
        Assert.Equal(parsed is null ? 2 : 0, code);
        return parsed?.Cluster?.Operations;
    }
}
