using ContextGrid.Server.Cluster;

namespace ContextGrid.Server.Tests;

/// <summary>What the command line of a silo may say.</summary>
public sealed class ClusterArgumentsTests
{
    [Fact]
    public async Task Parse_NothingButCluster_IsAloneOnLoopback()
    {
        (int code, ServerOptions? options) = await ParseAsync("--cluster");
        Assert.Equal(0, code);
        ClusterChoice cluster = Assert.IsType<ClusterChoice>(options?.Cluster);
        Assert.Equal(("contextgrid", "127.0.0.1", 11111), (cluster.Name, cluster.Address.ToString(), cluster.Port));
        Assert.True(cluster.Membership.IsLocal);
        Assert.Null(cluster.Listen);
    }

    [Fact]
    public async Task Parse_Everything_IsRead()
    {
        (int code, ServerOptions? options) = await ParseAsync(
            "--cluster", "--cluster-name", "fraud", "--membership", "redis:10.0.0.9:6379,password=x", "--silo",
            "10.0.0.1:4000", "--silo-listen", "0.0.0.0:4001");
        Assert.Equal(0, code);
        ClusterChoice cluster = Assert.IsType<ClusterChoice>(options?.Cluster);
        Assert.Equal(("fraud", "10.0.0.1", 4000), (cluster.Name, cluster.Address.ToString(), cluster.Port));
        Assert.Equal(("10.0.0.9:6379,password=x", "0.0.0.0:4001"), (cluster.Membership.Redis, $"{cluster.Listen}"));
        Assert.DoesNotContain("password", cluster.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parse_AzureForMembersAndEntities_IsReadAndNotShown()
    {
        string variable = $"CONTEXTGRID_TEST_{Guid.NewGuid():N}";
        Environment.SetEnvironmentVariable(variable, "AccountKey=hidden");
        (int code, ServerOptions? options) = await ParseAsync(
            "--cluster", "--membership", "tables:AccountKey=secret", "--grain-blobs", "env:" + variable);
        Assert.Equal(0, code);
        ClusterChoice cluster = Assert.IsType<ClusterChoice>(options?.Cluster);
        Assert.Equal(("AccountKey=secret", "AccountKey=hidden"), (cluster.Membership.Tables, cluster.Blobs));
        Assert.False(cluster.Membership.IsLocal);
        Assert.DoesNotContain("AccountKey", cluster.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parse_WithoutCluster_IsNoSilo()
    {
        (int code, ServerOptions? options) = await ParseAsync("--demo");
        Assert.Equal(0, code);
        Assert.Null(options?.Cluster);
    }

    [Theory]
    [InlineData("--membership", "zookeeper:1")]
    [InlineData("--membership", "redis:")]
    [InlineData("--membership", "primary:nobody")]
    [InlineData("--membership", "env:CONTEXTGRID_TEST_NOT_SET")]
    [InlineData("--silo", "0.0.0.0:11111")]
    [InlineData("--silo", "127.0.0.1")]
    [InlineData("--silo-listen", "here")]
    [InlineData("--cluster-name", "")]
    [InlineData("--membership", "tables:")]
    [InlineData("--grain-blobs", "AccountKey=x")]
    [InlineData("--grain-blobs", "env:CONTEXTGRID_TEST_NOT_SET")]
    public async Task Parse_WrongValue_IsWrongUse(string option, string value)
    {
        (int code, ServerOptions? options) = await ParseAsync("--cluster", option, value);
        Assert.Equal((2, null), (code, options));
    }

    [Theory]
    [InlineData("--membership", "local")]
    [InlineData("--silo", "127.0.0.1:11111")]
    public async Task Parse_OptionOfSiloWithoutCluster_IsWrongUse(string option, string value)
    {
        (int code, ServerOptions? options) = await ParseAsync(option, value);
        Assert.Equal((2, null), (code, options));
    }

    private static async Task<(int Code, ServerOptions? Options)> ParseAsync(params string[] args)
    {
        ServerOptions? parsed = null;
        int code = await Task.Run(() => ServerOptions.Parse(args, options =>
        {
            parsed = options;
            return Task.FromResult(0);
        }));
        return (code, parsed);
    }
}
