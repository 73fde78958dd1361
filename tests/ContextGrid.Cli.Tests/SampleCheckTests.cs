using System.IO.Compression;
using System.Text;
using ContextGrid.Cli.Publishing;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Cli.Tests;

public sealed class SampleCheckTests : IDisposable
{
    private const string One = """
        version: 1
        events:
          payment:
            topic: payments
            fields: {customer.id: string, amount: double from order.amout, total: double, line: int64 from lines.n}
        entities:
          user:
            from: {payment: customer.id}
            features: {spend: payment | sum(amount), t: payment | sum(total)}
        """;

    private const string Records = """
        {"customer":{"id":"u1"},"order":{"amount":9,"total":10},"lines":[{"n":1}]}

        {"customer":{"id":"u2"},"order":{"amount":8},"total.eur":1}
        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("contextgrid-cli-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Validate_SampleWithoutAPath_WarnsWithWhatWasMeantAndSucceeds(bool isPacked)
    {
        CliRun run = await RunAsync(One, Records, isPacked);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(4, run.OutLines.Length);
        Assert.Contains(
            "warning: event 'payment': none of 2 records has 'order.amout', which the field 'amount' reads; "
            + "did you mean 'order.amount'?", run.OutLines[0], StringComparison.Ordinal);
        Assert.Contains("has 'total', which the field 'total' reads; did you mean", run.OutLines[1],
            StringComparison.Ordinal);
        Assert.Contains("'lines' is an array, and a path does not go into arrays", run.OutLines[2],
            StringComparison.Ordinal);
        Assert.Equal("The definitions are valid.", run.OutLines[3]);
    }

    [Fact]
    public async Task Validate_GzipSampleThatEndsTooEarly_Fails()
    {
        await WriteAsync("d.yaml", One);
        string path = Path.Combine(_directory.FullName, "cut");
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(Records));
        }

        await File.WriteAllBytesAsync(path, packed.ToArray()[..^2]);
        CliRun run = await CliRun.RunAsync(
            ["definitions", "validate", _directory.FullName, "--sample", path], null);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"'{path}' is damaged gzip: it ends too early.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_RecordsThatWouldBeRefused_AreCountedWithTheirLines()
    {
        const string Bad = """
            {"customer":{"id":"u"},"total":"x","order":{"amout":1},"lines":{"n":1}}
            {
            """;
        CliRun run = await RunAsync(One, Bad, isPacked: false);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("2 of 2 records would be refused: line 1: payment.total", run.Out, StringComparison.Ordinal);
        Assert.Contains("line 2: ", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_Json_GivesObjects()
    {
        CliRun run = await RunAsync(One, Records, isPacked: false, "--json");
        Assert.Equal(3, run.OutLines.Length);
        Assert.All(run.OutLines, l => Assert.Contains("\"warning\":\"none of 2", l, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Validate_GoodSampleOfCloudEventsWithHeaders_SaysThatNothingWasFound()
    {
        string yaml = One.Replace("fields:", "format: cloudevents\n    fields:", StringComparison.Ordinal)
            .Replace("total: double", "ce_type: string", StringComparison.Ordinal)
            .Replace("sum(total)", "last(ce_type)", StringComparison.Ordinal)
            .Replace("line: int64 from lines.n", "tenant: string from header tenant", StringComparison.Ordinal);
        const string Event = """
            {"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"customer":{"id":"u"},"order":{"amout":1}}}
            """;
        CliRun run = await RunAsync(yaml, Event, isPacked: false);
        Assert.EndsWith(": 1 record, nothing to warn of", run.OutLines[0], StringComparison.Ordinal);
        Assert.Equal("The definitions are valid.", Assert.Single(run.OutLines[1..]));
        run = await RunAsync(yaml, Event, isPacked: false, "--json");
        Assert.EndsWith(",\"records\":1}", Assert.Single(run.OutLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_FieldThatIsInOneOfItsPlaces_HasNoWarning()
    {
        const string yaml = """
            version: 1
            events: {change: {topic: c, fields: {id: string from after.id or before.id, n: int64 from a.n or b.n}}}
            entities: {user: {from: {change: id}, features: {s: change | sum(n)}}}
            """;
        CliRun run = await RunAsync(yaml, "{\"after\":{\"id\":\"u\"}}", isPacked: false);
        Assert.Equal(2, run.OutLines.Length);
        Assert.Contains("has 'a.n', which the field 'n' reads", run.OutLines[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing.jsonl", 1, "--sample")]
    [InlineData("order=nothing.jsonl", 1, "'order=nothing.jsonl' cannot be read")]
    public async Task Validate_SampleThatIsNotThere_SaysSo(string sample, int code, string words)
    {
        await WriteAsync("d.yaml", One);
        CliRun run = await CliRun.RunAsync(
            ["definitions", "validate", _directory.FullName, "--sample", sample], null);
        Assert.Equal(code, run.ExitCode);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s.jsonl", "json", "--sample EVENT=FILE, EVENT being one of login, payment")]
    [InlineData("login=s.jsonl", "avro", "event 'login' is avro; samples are read of events of the formats json")]
    public async Task Validate_EventIsNotClearOrNeedsASchema_IsWrongUse(string sample, string format, string words)
    {
        await WriteAsync("d.yaml", One);
        await WriteAsync(
            "e.yaml", $"version: 1\nevents:\n  login: {{topic: l, format: {format}, fields: {{a: string}}}}\n");
        CliRun run = await CliRun.RunAsync(
            ["definitions", "validate", _directory.FullName, "--sample", sample], null);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scaffold_NestedSample_ProposesPathsThatTheSampleHas()
    {
        const string Nested = """
            {"meta":{"id":"e1","ts":1769860800000},"customer":{"id":"u1"},"order":{"amount":9.5,"a.b":{"x y":1}},"m":{}}
            {"meta":{"id":"e2","ts":1769860801000},"customer":{"id":"u2"},"order":{"amount":7,"a.b":null},"m":{"n":1}}
            {"meta":{"id":"e3","ts":1769860802000},"customer":{"id":"u2"},"m":5}
            """;
        CliRun run = await CliRun.RunAsync(
            ["definitions", "scaffold", "--topic", "orders", "--file", "-"], Encoding.UTF8.GetBytes(Nested));
        Assert.True(run.ExitCode == 0, run.Error);
        DefinitionReadResult read = DefinitionFiles.Parse("scaffold.yaml", run.Out);
        Assert.Empty(read.Errors);
        EventDefinition order = (read.Set ?? throw new InvalidOperationException()).Events[0];
        Assert.Equal(
            ["meta.id", "meta.ts", "customer.id", "order.amount", "order.\"a.b\".x y"],
            order.Fields.Select(f => f.Name));
        Assert.Equal(("meta.ts", "customer.id"),
            (order.Fields[order.TimestampField].Name, order.Fields[order.KeyField].Name));
        Assert.Contains("order | sum(order.amount) over 1h", run.Out, StringComparison.Ordinal);

        CliRun check = await RunAsync(run.Out, Nested, isPacked: false);
        Assert.Equal("The definitions are valid.", Assert.Single(check.OutLines[1..]));
    }

    [Theory]
    [InlineData("customer.id", "{\"x\":{\"id\":1},\"customer\":{\"y\":[{}],\"id\":\"u1\"}}", "u1")]
    [InlineData("customer.id", "{\"customer\":7}", "")]
    [InlineData("customer.id", "{\"customer\":{}}", "")]
    [InlineData("customer.id", "{\"customer.id\":\"u1\"}", "")]
    [InlineData("\"customer.id\"", "{\"customer.id\":12}", "12")]
    [InlineData("id", "{\"a\":{\"id\":1},\"id\":true}", "true")]
    public void EventKey_Path_IsFollowed(string field, string json, string key) =>
        Assert.Equal(key, new EventKey(field).Of(Encoding.UTF8.GetBytes(json)).ToStringUtf8());

    private async Task<CliRun> RunAsync(string yaml, string records, bool isPacked, params string[] more)
    {
        await WriteAsync("d.yaml", yaml);
        string path = Path.Combine(_directory.FullName, "sample");
        await using (FileStream file = File.Create(path))
        await using (Stream content = isPacked ? new GZipStream(file, CompressionLevel.Fastest) : file)
        {
            await content.WriteAsync(Encoding.UTF8.GetBytes(records));
        }

        return await CliRun.RunAsync(
            ["definitions", "validate", _directory.FullName, "--sample", path, .. more], null);
    }

    private Task WriteAsync(string name, string text) =>
        File.WriteAllTextAsync(Path.Combine(_directory.FullName, name), text);
}
