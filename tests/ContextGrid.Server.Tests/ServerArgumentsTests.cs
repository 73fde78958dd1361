namespace ContextGrid.Server.Tests;

public sealed class ServerArgumentsTests
{
    [Fact]
    public void Parse_EmptyGroup_TakesNothingOfWhatFollows()
    {
        foreach (string[] group in (string[][])[["--kafka-group="], ["--kafka-group", ""]])
        {
            ServerOptions? options = Parse(["--kafka", "127.0.0.1:1", .. group, "--data", "there"]);
            Assert.Equal(("", "there"), (options?.Kafka?.Invoke().Group, options?.Data));
        }
    }

    [Theory]
    [InlineData("--data=", "--http", "0")]
    [InlineData("--data", "", "--http", "0")]
    [InlineData("--data", "--http", "0")]
    [InlineData("--data", "--http=0")]
    [InlineData("--data")]
    [InlineData("--http=")]
    [InlineData("--memory-max=", "--data", "x")]
    [InlineData("--kafka=", "--data", "x")]
    [InlineData("--otlp=", "--data", "x")]
    [InlineData("--demo=")]
    [InlineData("--data", "a", "--data", "b")]
    [InlineData("--http=1", "--http=2")]
    [InlineData("--kafka-group", "x")]
    [InlineData("--dead-letter-topic=x")]
    [InlineData("--kafka", "a:1", "--kafka-lost-offsets", "latest", "--kafka-lost-offsets", "fail")]
    [InlineData("--kafka", "a:1", "--kafka-lost-offsets=t=latest", "--kafka-lost-offsets=t=fail")]
    [InlineData("--kafka", "a:1", "--kafka-lost-offsets", "1")]
    [InlineData("--kafka", "a:1", "--kafka-lost-offsets", "earliest,latest")]
    public void Parse_ValueIsMissingOrGivenTwice_IsRefused(params string[] arguments) =>
        Assert.Null(Parse(arguments));

    [Fact]
    public void Parse_ValueThatLooksLikeAnOption_IsTakenWhereItIsJoined()
    {
        Assert.Equal("--http", Parse(["--data=--http"])?.Data);
        Assert.Equal("a=b", Parse(["--data=a=b"])?.Data);
        Assert.Equal("-", Parse(["--data", "-"])?.Data);
    }

    [Fact]
    public void Parse_LostOffsetsOfTopics_AreThose()
    {
        ServerOptions? options = Parse(
            ["--kafka=h:1", "--kafka-lost-offsets=t=latest", "--kafka-lost-offsets", "fail"]);
        Assert.Equal("h:1", options?.Kafka?.Invoke().BootstrapServers);
        Assert.Equal(Adapters.Kafka.LostOffsets.Latest, options?.Kafka?.Invoke().LostOffsets["t"]);
        Assert.Equal(Adapters.Kafka.LostOffsets.Fail, options?.Kafka?.Invoke().LostOffsetsDefault);
    }

    private static ServerOptions? Parse(string[] arguments)
    {
        ServerOptions? found = null;
        int code = ServerOptions.Parse(arguments, options =>
        {
            found = options;
            return Task.FromResult(0);
        });
        Assert.Equal(found is null ? 2 : 0, code);
        return found;
    }
}
