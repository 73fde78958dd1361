using System.IO.Compression;
using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Cli.Tests;

public sealed class ScaffoldCommandTests
{
    private const string Sample =
        """
        {"payment_id":"p1","user_id":"u1","deviceId":7,"amount":12.5,"status":"ok","ts":1769860800000,"email":"a@b.c"}
        {"payment_id":"p2","user_id":"u2","deviceId":8,"amount":3,"status":"failed","ts":1769860801000,"vip":true}

        {"payment_id":"p3","user_id":"u1","deviceId":7,"amount":1,"status":"ok","ts":1769860802000,"unit price":2.5}
        {"payment_id":"p4","user_id":"u3","deviceId":9,"x":{}}
        """;

    [Fact]
    public async Task Scaffold_Sample_GivesAValidDefinitionWithRolesByNameAndType()
    {
        CliRun run = await RunAsync("shop.payments.v2", Sample);

        Assert.True(run.ExitCode == 0, run.Error);
        DefinitionReadResult read = DefinitionFiles.Parse("scaffold.yaml", run.Out);
        Assert.True(read.Errors.IsEmpty, string.Join('\n', read.Errors));
        EventDefinition payment = Assert.Single(read.Set!.Events); // Without errors there is a set.
        Assert.Equal(("payment", "shop.payments.v2"), (payment.Name, payment.Topic));
        Assert.Equal("ts", payment.Fields[payment.TimestampField].Name);
        Assert.Equal("payment_id", payment.Fields[payment.IdField].Name);
        Assert.Equal("user_id", payment.Fields[payment.KeyField].Name);
        Assert.Equal("pii", payment.Fields.Single(f => f.Name == "email").DataClass);
        Assert.DoesNotContain(payment.Fields, f => f.Name == "x");
        Assert.Equal(["device", "user"], read.Set.Entities.Select(e => e.Name).Order());
        string[] features = [.. read.Set.Entities.Single(e => e.Name == "user").Features.Select(f => f.Name)];
        string[] meant =
            ["payments_5m", "amount_sum_1h", "amount_avg_1d", "amount_p95_7d", "device_distinct_1d", "by_status_1d",
             "last_status", "vip_1d", "unit_price_sum_1h"];
        Assert.Subset(features.ToHashSet(), meant.ToHashSet());
    }

    [Fact]
    public async Task Scaffold_OddNames_AreStillValid()
    {
        CliRun run = await RunAsync(
            "1",
            """{"and":"a","über":1.5,"true":"b","9lives":true,"a:b":"c","Name":"d","name":"e","""
            + "\"when\":\"2026-01-31T12:00:00Z\"}");
        Assert.True(run.ExitCode == 0, run.Error);
        DefinitionReadResult read = DefinitionFiles.Parse("scaffold.yaml", run.Out);
        Assert.True(read.Errors.IsEmpty, run.Out);
        Assert.Equal(ValueKind.Timestamp, read.Set?.Events[0].Fields.Single(f => f.Name == "when").Type);
    }

    [Theory]
    [InlineData("", "the sample has no record")]
    [InlineData("[1]", "line 1 of the sample is no JSON object")]
    [InlineData("{", "line 1 of the sample is no JSON")]
    [InlineData("{\"a\":1.5}", "no field can be the key")]
    public async Task Scaffold_BadSample_SaysWhy(string sample, string words)
    {
        CliRun run = await RunAsync("t", sample);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scaffold_GzipSampleThatEndsTooEarly_SaysSoAndWithAMarkItIsRead()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes("\uFEFF" + Sample));
        }

        string[] scaffold = ["definitions", "scaffold", "--topic", "t", "--file", "-"];
        CliRun cut = await CliRun.RunAsync(scaffold, packed.ToArray()[..^1]);
        Assert.Equal(1, cut.ExitCode);
        Assert.Contains("stdin is damaged gzip: it ends too early.", cut.Error, StringComparison.Ordinal);
        CliRun whole = await CliRun.RunAsync(scaffold, packed.ToArray());
        Assert.True(whole.ExitCode == 0, whole.Error);
    }

    [Fact]
    public async Task Scaffold_NeitherOrBothSources_IsWrongUse()
    {
        CliRun none = await CliRun.RunAsync(["definitions", "scaffold", "--topic", "t"], null);
        CliRun both = await CliRun.RunAsync(
            ["definitions", "scaffold", "--topic", "t", "--file", "-", "--schema-registry", "http://127.0.0.1:9"],
            null);
        Assert.Equal((2, 2), (none.ExitCode, both.ExitCode));
    }

    [Theory]
    [InlineData("1780272002", "timestamp: {field: ts, unit: s}  # the sample's numbers are seconds")]
    [InlineData("1780272002000", "timestamp: ts\n")]
    [InlineData("1780272002000000", "timestamp: {field: ts, unit: us}")]
    [InlineData("1780272002000000000", "timestamp: {field: ts, unit: ns}")]
    [InlineData("1780272002.25", "ts: timestamp(s)\n")]
    public async Task Scaffold_TimesOfAnyUnit_ProposesTheUnit(string time, string line)
    {
        CliRun run = await RunAsync("t", $$"""{"ts":{{time}},"user_id":"u1","amount":1.5}""");

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains(line, run.Out, StringComparison.Ordinal);
        Assert.Contains("timestamp: ", run.Out, StringComparison.Ordinal);
    }

    private static Task<CliRun> RunAsync(string topic, string sample) => CliRun.RunAsync(
        ["definitions", "scaffold", "--topic", topic, "--file", "-"], Encoding.UTF8.GetBytes(sample));
}
