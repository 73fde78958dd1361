using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace ContextGrid.Server.Tests.Http;

public sealed class EventRoutesTests(HttpFixture server) : IClassFixture<HttpFixture>
{
    private const string Path = "/v1/events/payments";

    [Fact]
    public async Task Publish_OneEvent_IsReadable()
    {
        await server.PublishAsync(HttpFixture.Event("one", 2.5), 1);
        Assert.Equal(2.5, await SpendAsync("one"));
    }

    [Fact]
    public async Task Publish_Array_TakesGoodAndNamesBad()
    {
        string body = $"[{HttpFixture.Event("arr", 1)}, 3, {{\"amount\": 1}}, {HttpFixture.Event("arr", 2)}]";
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(Path, body);
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal(2, json.GetProperty("accepted").GetInt32());
        Assert.Equal([1, 2], Indexes(json));
    }

    [Theory]
    [InlineData("application/x-ndjson")]
    [InlineData("application/json")]
    public async Task Publish_LinesWithABrokenOne_RefusesThatOneOnly(string type)
    {
        string body = $"{HttpFixture.Event("nd", 1)}\r\n\n{{broken\n{HttpFixture.Event("nd", 1)}";
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(Path, body, type);
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal(2, json.GetProperty("accepted").GetInt32());
        Assert.Equal([1], Indexes(json));
    }

    [Theory]
    [InlineData("[{\"a\":1},", "the array is broken")]
    [InlineData("[{\"a\":1}] x", "the array is broken after event 0 at line 1")]
    [InlineData("[{\"a\":", "the array is broken at line 1")]
    [InlineData("[]", "the array is empty")]
    [InlineData("  ", "it is empty")]
    [InlineData("{broken", "invalid_json")]
    [InlineData("[1, 2]", "All 2 events were refused")]
    public async Task Publish_NothingGood_Is400WithTheCause(string body, string expected)
    {
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(Path, body);
        Assert.Equal(HttpStatusCode.BadRequest, code);
        Assert.Equal(3, json.GetProperty("code").GetInt32());
        Assert.Contains(expected, json.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_DeepEventInArray_HarmsNoNeighbour()
    {
        string deep = new string('[', 1000) + new string(']', 1000);
        string body = $"[{{\"user\":\"deep\",\"x\":{deep}}},{HttpFixture.Event("deep", 1)}]";
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(Path, body);
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal([0], Indexes(json));
    }

    [Fact]
    public async Task Publish_InvalidKept_IsADeadLetterWithItsBytes()
    {
        const string Bad = "{ \"user\" : 7e400,  \"ü\": 1 }";
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(Path + "?invalid=dead-letter", $"[{Bad}]");
        Assert.Equal(HttpStatusCode.OK, code);
        string? id = json.GetProperty("refused")[0].GetProperty("deadLetter").GetProperty("offset").GetString();
        JsonElement letter = JsonDocument.Parse(
            await server.Client.GetStringAsync($"/admin/v1/dead-letters/{id}")).RootElement;
        Assert.Equal(Bad, Encoding.UTF8.GetString(letter.GetProperty("payload").GetBytesFromBase64()));
        JsonElement list = JsonDocument.Parse(
            await server.Client.GetStringAsync("/admin/v1/dead-letters?limit=1&topic=payments")).RootElement;
        Assert.Single(list.GetProperty("deadLetters").EnumerateArray());
    }

    [Fact]
    public async Task Publish_UnknownTopic_Is404WithTheNearestName()
    {
        (HttpStatusCode code, JsonElement json) = await server.PostAsync("/v1/events/payment", "{}");
        Assert.Equal(HttpStatusCode.NotFound, code);
        Assert.Contains("did you mean 'payments'?", json.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data")]
    public async Task Publish_TypeThatForeignPagesMaySend_Is415(string type) =>
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await server.PostAsync(Path, "{}", type)).Code);

    [Fact]
    public async Task Publish_Gzip_IsUnpacked()
    {
        byte[] packed = Gzip(Encoding.UTF8.GetBytes(HttpFixture.Event("gz", 1)));
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync(Path, packed, encoding: "gzip")).Code);
        Assert.Equal(
            HttpStatusCode.BadRequest, (await server.PostAsync(Path, [1, 2, 3, 4], encoding: "gzip")).Code);
        Assert.Equal(
            HttpStatusCode.UnsupportedMediaType, (await server.PostAsync(Path, packed, encoding: "br")).Code);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("x-gzip")]
    [InlineData("GZIP")]
    public async Task Publish_GzipInMembersByAnyName_IsTakenWhole(string encoding)
    {
        byte[] first = Gzip(Encoding.UTF8.GetBytes(HttpFixture.Event("members", 1) + "\n"));
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(
            Path, [.. first, .. first], encoding: encoding);
        Assert.Equal((HttpStatusCode.OK, 2), (code, json.GetProperty("accepted").GetInt32()));
    }

    [Fact]
    public async Task Publish_GzipCutOrDamagedOrFollowed_TakesNothingAndSaysWhy()
    {
        byte[] whole = Gzip(Encoding.UTF8.GetBytes(string.Concat(
            Enumerable.Range(0, 500).Select(i => HttpFixture.Event("cut", i) + "\n"))));
        byte[] wrong = [.. whole];
        wrong[^6] ^= 1;
        foreach ((byte[] body, string cause) in new (byte[], string)[]
        {
            (whole[..^1], "it ends too early"), (whole[..^8], "it ends too early"),
            (whole[..(whole.Length / 2)], "it ends too early"), (Flushed(), "it ends too early"),
            (whole[..5], "it ends too early"), ([], "it ends too early"), (wrong, "its content, a checksum"),
            ([.. whole, 0], " its end"), ([.. whole, .. whole[..20]], "it ends too early"),
        })
        {
            (HttpStatusCode code, JsonElement json) = await server.PostAsync(Path, body, encoding: "gzip");
            Assert.Equal(HttpStatusCode.BadRequest, code);
            Assert.Equal(3, json.GetProperty("code").GetInt32());
            Assert.Contains(cause, json.GetProperty("message").GetString(), StringComparison.Ordinal);
        }

        (_, JsonElement read) = await server.PostAsync(
            "/v1/context", "{\"entities\":[{\"type\":\"user\",\"key\":\"cut\"}],\"features\":[\"spend\"]}");
        Assert.Equal("NEVER_SEEN", read.GetProperty("entities")[0].GetProperty("statuses")[0].GetString());
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("", "")]
    public async Task Publish_MarkOfUtf8BeforeBodyAndLines_IsNoPartOfAnEvent(string before, string after)
    {
        string user = $"mark{before.Length}";
        string body = $"\uFEFF{before}{HttpFixture.Event(user, 2)}{after}";
        body = before.Length > 0 ? body : $"{body}\n\uFEFF{HttpFixture.Event(user, 2)}\n";
        await server.PublishAsync(body, before.Length > 0 ? 1 : 2);
        Assert.Equal(before.Length > 0 ? 2 : 4, await SpendAsync(user));
    }

    [Fact]
    public async Task Publish_Utf16_IsNamed()
    {
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(
            Path, [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(HttpFixture.Event("u16", 1))]);
        Assert.Equal(HttpStatusCode.BadRequest, code);
        Assert.Contains(
            "UTF-16 (little endian)", json.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData((16 << 20) + 1)]
    [InlineData((16 << 20) + 2)]
    [InlineData(18_000_000)]
    public async Task Publish_TooLarge_IsTheSameWithAndWithoutALength(int bytes)
    {
        (HttpStatusCode Code, string Json) whole = await SendAsync(new ByteArrayContent(new byte[bytes]));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, whole.Code);
        Assert.Contains("larger than 16777216 bytes (16 MiB)", whole.Json, StringComparison.Ordinal);
        Assert.Contains("\"code\": 8", whole.Json, StringComparison.Ordinal);
        Assert.Equal(whole, await SendAsync(new ChunkedContent(new byte[bytes])));
    }

    [Fact]
    public async Task Publish_GzipBomb_Is413() => Assert.Equal(
        HttpStatusCode.RequestEntityTooLarge,
        (await server.PostAsync(Path, Gzip(new byte[200_000_000]), encoding: "gzip")).Code);

    [Fact]
    public async Task Publish_BodyOver16MiB_Is413() => Assert.Equal(
        HttpStatusCode.RequestEntityTooLarge, (await server.PostAsync(Path, new byte[(16 << 20) + 1])).Code);

    [Fact]
    public async Task Publish_TooManyEvents_Is400()
    {
        (HttpStatusCode code, JsonElement json) =
            await server.PostAsync(Path, string.Concat(Enumerable.Repeat("{}\n", 10_001)), "application/x-ndjson");
        Assert.Equal(HttpStatusCode.BadRequest, code);
        Assert.Contains("more than 10000", json.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_EventOver1MiB_IsRefusedBesideAGoodOne()
    {
        string body = $"[{HttpFixture.Event("big", 1, new string('x', 1 << 20))},{HttpFixture.Event("big", 1)}]";
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(Path, body);
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal([0], Indexes(json));
    }

    private static IEnumerable<int> Indexes(JsonElement json) =>
        json.GetProperty("refused").EnumerateArray().Select(r => r.GetProperty("index").GetInt32());

    private async Task<(HttpStatusCode Code, string Json)> SendAsync(HttpContent body)
    {
        using HttpContent content = body;
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        using HttpResponseMessage response = await server.Client.PostAsync(Path, content);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    // What is flushed can be read, though the stream has no end.
    private static byte[] Flushed()
    {
        using var packed = new MemoryStream();
        using var gzip = new GZipStream(packed, CompressionLevel.Fastest);
        gzip.Write(Encoding.UTF8.GetBytes(HttpFixture.Event("cut", 1) + "\n"));
        gzip.Flush();
        return packed.ToArray();
    }

    /// <summary>A body that is sent in chunks, since its length is not told.</summary>
    private sealed class ChunkedContent(byte[] bytes) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            stream.WriteAsync(bytes).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    private async Task<double> SpendAsync(string user)
    {
        (_, JsonElement json) = await server.PostAsync(
            "/v1/context", $"{{\"entities\":[{{\"type\":\"user\",\"key\":\"{user}\"}}],\"features\":[\"spend\"]}}");
        return json.GetProperty("entities")[0].GetProperty("values")[0].GetProperty("doubleValue").GetDouble();
    }
}
