using System.IO.Compression;
using System.Text;
using System.Text.Json;
using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Grpc;

namespace ContextGrid.Cli.Tests;

public sealed class PublishCommandTests : IAsyncLifetime
{
    private readonly List<PublishRequest> _batches = [];

    // Set by InitializeAsync before any test runs.
    private FakeGrpcServer _server = null!;
    private int _batchesMax = int.MaxValue;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeGrpcServer.StartAsync();
        _server.On("/contextgrid.v1.IngestService/PublishStream", ServeAsync);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Publish_Stdin_SendsEveryLineOnceInOrder()
    {
        var lines = Lines(2_500);

        var run = await PublishAsync(Encoding.UTF8.GetBytes(string.Join("\r\n", lines)), "--batch", "1000");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal([1000, 1000, 500], _batches.Select(b => b.Events.Count));
        Assert.Equal(lines, _batches.SelectMany(b => b.Events).Select(e => e.Payload.ToStringUtf8()));
        Assert.Contains("2,500 events published, 0 refused", run.Out, StringComparison.Ordinal);
        Assert.Contains("last acknowledged line: 2500", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_GzipFile_IsDecompressed()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            await using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest))
                await gzip.WriteAsync(Encoding.UTF8.GetBytes(string.Join('\n', Lines(300)) + "\n"));

            var run = await CliRun.AtAsync(_server, "publish", "--topic", "t", "--file", path, "--json");

            using var json = JsonDocument.Parse(Assert.Single(run.OutLines));
            Assert.Equal(300, json.RootElement.GetProperty("published").GetInt64());
            Assert.Equal(300, json.RootElement.GetProperty("last_acknowledged_line").GetInt64());
            Assert.True(json.RootElement.GetProperty("finished").GetBoolean());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Publish_IdsThatWereKnown_AreTold()
    {
        var text = Encoding.UTF8.GetBytes(string.Join('\n', Lines(10)));

        var run = await PublishAsync(text, "--batch", "5");
        var json = await PublishAsync(text, "--batch", "5", "--json");

        Assert.Contains("4 of them left out as duplicates", run.Out, StringComparison.Ordinal);
        Assert.Contains("2 of them put to the dead letters (id_conflict)", run.Out, StringComparison.Ordinal);
        Assert.Contains("6 of them have an id that another partition", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("not known", run.Out, StringComparison.Ordinal);
        Assert.Contains(
            "\"duplicates\":4,\"id_conflicts\":2,\"ids_on_other_partition\":6,\"ids_not_known\":0,"
            + "\"id_scope\":\"partition\"",
            json.Out,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_ServerCannotTellOfIds_SaysOfHowMany()
    {
        var text = Encoding.UTF8.GetBytes(string.Join('\n', Lines(10)));

        var run = await CliRun.RunAsync(
            ["publish", "--topic", "elsewhere", "--server", _server.Address.ToString()], text);

        Assert.Contains("of 10 of them it is not known", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("duplicates", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_GzipThatEndsTooEarly_FailsAndTellsHowFarItCame()
    {
        var whole = Gzip(string.Join('\n', Lines(40_000)));

        var run = await PublishAsync(whole[..^5], "--batch", "1000");

        var sent = _batches.Sum(b => b.Events.Count);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("error: stdin is damaged gzip: it ends too early.", run.Error, StringComparison.Ordinal);
        Assert.Contains($"{sent:#,##0} events published", run.Out, StringComparison.Ordinal);
        Assert.Contains($"last acknowledged line: {sent}", run.Out, StringComparison.Ordinal);
        Assert.Equal(Lines(sent), _batches.SelectMany(b => b.Events).Select(e => e.Payload.ToStringUtf8()));
    }

    [Theory]
    [InlineData(0, "ends too early")]
    [InlineData(1, "ends too early")]
    [InlineData(2, " its end")]
    [InlineData(3, "its content, a checksum")]
    public async Task Publish_GzipFileThatIsNotWhole_IsOneLine(int kind, string expected)
    {
        var whole = Gzip("{\"n\":1}\n");
        byte[] bytes = kind switch
        {
            0 => whole[..7],
            1 => whole[..^4],
            2 => [.. whole, 7],
            _ => [.. whole[..^8], 1, 2, 3, 4, .. whole[^4..]],
        };
        using var file = new TemporaryFile(bytes);

        var run = await CliRun.AtAsync(_server, "publish", "--topic", "t", "--file", file.Path);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"'{file.Path}' is ", run.Error, StringComparison.Ordinal);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Empty(_batches);
    }

    [Fact]
    public async Task Publish_GzipInSeveralMembers_SendsAllOfThem()
    {
        var run = await PublishAsync([.. Gzip("{\"n\":1}\n"), .. Gzip("{\"n\":2}\n{\"n\":3}")]);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(3, _batches.Sum(b => b.Events.Count));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Publish_FileWithAMarkOfUtf8_SendsItsFirstLineWithoutIt(bool isGzip)
    {
        var text = "\uFEFF{\"k\":\"a\"}\n\uFEFF{\"k\":\"b\"}\n";
        using var file = new TemporaryFile(isGzip ? Gzip(text) : Encoding.UTF8.GetBytes(text));

        var run = await CliRun.AtAsync(_server, "publish", "--topic", "t", "--key", "k", "--file", file.Path);

        Assert.Equal(0, run.ExitCode);
        var events = Assert.Single(_batches).Events;
        Assert.Equal("{\"k\":\"a\"}", events[0].Payload.ToStringUtf8());
        Assert.Equal(["a", "b"], events.Select(e => e.Key.ToStringUtf8()));
    }

    [Theory]
    [InlineData("utf-16", "UTF-16 (little endian)")]
    [InlineData("utf-16BE", "UTF-16 (big endian)")]
    [InlineData("utf-32", "UTF-32 (little endian)")]
    [InlineData("utf-32BE", "UTF-32 (big endian)")]
    public async Task Publish_OtherEncodings_AreNamed(string name, string expected)
    {
        var encoding = Encoding.GetEncoding(name);

        var run = await PublishAsync([.. encoding.GetPreamble(), .. encoding.GetBytes("{}\n")]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Empty(_batches);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\uFEFF")]
    [InlineData("\n")]
    public async Task Publish_NothingInTheInput_IsDone(string text)
    {
        var run = await PublishAsync(Encoding.UTF8.GetBytes(text));

        Assert.Equal(0, run.ExitCode);
        Assert.Empty(_batches);
    }

    [Fact]
    public async Task Publish_FromLineAndKey_SkipsAndExtracts()
    {
        var text = "{\"k\":\"a\"}\n\n{\"x\":{\"k\":1},\"k\":\"b\\u0041\"}\n{\"k\":42}\nbroken\n";

        var run = await PublishAsync(Encoding.UTF8.GetBytes(text), "--from", "3", "--key", "k");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["bA", "42", ""], Assert.Single(_batches).Events.Select(e => e.Key.ToStringUtf8()));
        Assert.Contains("last acknowledged line: 5", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_Headers_AreThoseOfEveryRecord()
    {
        var run = await PublishAsync("{}\n{}\n"u8.ToArray(), "--header", "tenant-id=@a=b", "--header", "empty=");

        Assert.Equal(0, run.ExitCode);
        Assert.All(Assert.Single(_batches).Events, e => Assert.Equal(
            ["tenant-id=@a=b", "empty="], e.Headers.Select(h => $"{h.Name}={h.Value}")));
    }

    [Theory]
    [InlineData("tenant")]
    [InlineData("=x")]
    public async Task Publish_HeaderWithoutNameOrValue_IsWrongUse(string header)
    {
        var run = await PublishAsync("{}\n"u8.ToArray(), "--header", header);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"--header '{header}' is not of the form NAME=VALUE", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_ManyRefused_ListsTenWithTheirLinesAndFails()
    {
        var text = "{\"n\":0}\n\n" + string.Join('\n', Enumerable.Repeat("bad", 12));

        var run = await PublishAsync(Encoding.UTF8.GetBytes(text));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("line 3: invalid_json: no object", run.Error, StringComparison.Ordinal);
        Assert.Contains("line 12: ", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("line 13: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("and 2 more", run.Error, StringComparison.Ordinal);
        Assert.Contains("1 event published, 12 refused", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_DeadLetterInvalid_KeepsThemAndSucceeds()
    {
        var run = await PublishAsync("bad\n"u8.ToArray(), "--dead-letter-invalid");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("0 refused, 1 kept as dead letters", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_LineOverOneMebibyte_IsRefusedAndItsNeighboursAreNot()
    {
        var text = "{\"n\":1}\n" + new string('x', 5_000_000) + "\n{\"n\":2}\n";

        var run = await PublishAsync(Encoding.UTF8.GetBytes(text));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("line 2: too_large", run.Error, StringComparison.Ordinal);
        Assert.Equal(2, _batches.Sum(b => b.Events.Count));
    }

    [Fact]
    public async Task Publish_ServerFailsMidway_TellsWhereToContinue()
    {
        _batchesMax = 3;

        var run = await PublishAsync(Encoding.UTF8.GetBytes(string.Join('\n', Lines(50_000))), "--batch", "100");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Continue with --from 301.", run.Error, StringComparison.Ordinal);
        Assert.Contains("error: the log is full", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_Cancelled_CountsWhatIsUnderWayAndTellsWhereToContinue()
    {
        using var cancel = new CancellationTokenSource();
        var input = new EndlessInput(cancel);
        using var error = new StringWriter();
        var console = new CliConsole
        {
            Out = TextWriter.Null, Error = error, OpenInput = () => input, OpenOutput = () => Stream.Null,
        };

        var code = await CommandLineApp.RunAsync(
            ["publish", "--topic", "t", "--server", _server.Address.ToString()], console, cancel.Token);

        var acknowledged = _batches.Sum(b => b.Events.Count);
        Assert.Equal(1, code);
        Assert.Contains($"Continue with --from {acknowledged + 1}.", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_NoSuchFile_IsOneLine()
    {
        var run = await CliRun.AtAsync(_server, "publish", "--topic", "t", "--file", "/nonexistent/events.jsonl");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("'/nonexistent/events.jsonl' cannot be read", run.Error, StringComparison.Ordinal);
    }

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    private static string[] Lines(int count) =>
        [.. Enumerable.Range(0, count).Select(i => $"{{\"n\":{i}}}")];

    private Task<CliRun> PublishAsync(byte[] input, params string[] more) =>
        CliRun.RunAsync(["publish", "--topic", "t", "--server", _server.Address.ToString(), .. more], input);

    private async Task ServeAsync(FakeGrpcCall call)
    {
        while (await call.ReadAsync(PublishRequest.Parser) is { } request)
        {
            if (_batches.Count == _batchesMax)
            {
                call.Fail(8, "the log is full");
                return;
            }

            _batches.Add(request);
            var answer = new PublishResponse();
            for (var i = 0; i < request.Events.Count; i++)
            {
                if (request.Events[i].Payload.ToStringUtf8() != "bad")
                {
                    answer.Accepted++;
                    continue;
                }

                var refused = new RefusedEvent { Index = i, Reason = "invalid_json", Message = "no object" };
                if (request.Invalid == InvalidEvents.DeadLetter)
                    refused.DeadLetter = new SourcePosition();
                answer.Refused.Add(refused);
            }

            answer.IdScope = IdScope.Partition;
            if (request.Topic != "elsewhere")
                (answer.Duplicates, answer.Conflicts, answer.OnOtherPartition) = (2, 1, 3);
            await call.WriteAsync(answer);
        }
    }

    /// <summary>A file of a test.</summary>
    private sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(byte[] content) => File.WriteAllBytes(Path, content);

        public string Path { get; } = System.IO.Path.Combine(
            System.IO.Path.GetTempPath(), System.IO.Path.GetRandomFileName());

        public void Dispose() => File.Delete(Path);
    }
}
