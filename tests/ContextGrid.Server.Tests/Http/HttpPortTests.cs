using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;

namespace ContextGrid.Server.Tests.Http;

public sealed class HttpPortTests(HttpFixture server) : IClassFixture<HttpFixture>
{
    [Theory]
    [InlineData("{\"entities\":[{\"type\":\"usr\",\"key\":\"u\"}]}", "did you mean 'user'?")]
    [InlineData("{\"entitys\":[]}", "Unknown field: entitys")]
    [InlineData("{\"entities\":[", "body:")]
    [InlineData("", "body:")]
    [InlineData("{}", "name at least one entity")]
    public async Task Context_WrongRequest_Is400WithTheCause(string body, string expected)
    {
        (HttpStatusCode code, JsonElement json) = await server.PostAsync("/v1/context", body);
        Assert.Equal(HttpStatusCode.BadRequest, code);
        Assert.Contains(expected, json.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Context_100000EntitiesOr10000Features_Is400()
    {
        string many = string.Join(',', Enumerable.Repeat("{\"type\":\"user\",\"key\":\"u\"}", 100_000));
        (HttpStatusCode code, _) = await server.PostAsync("/v1/context", $"{{\"entities\":[{many}]}}");
        Assert.Equal(HttpStatusCode.BadRequest, code);
        string names = string.Join(',', Enumerable.Repeat("\"spend\"", 10_000));
        (code, _) = await server.PostAsync(
            "/v1/context", $"{{\"entities\":[{{\"type\":\"user\",\"key\":\"u\"}}],\"features\":[{names}]}}");
        Assert.Equal(HttpStatusCode.BadRequest, code);
    }

    [Fact]
    public async Task Context_UnknownFeature_HasThatStatus()
    {
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(
            "/v1/context", "{\"entities\":[{\"type\":\"user\",\"key\":\"u\"}],\"features\":[\"nosuch\"]}");
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal("UNKNOWN_FEATURE", json.GetProperty("entities")[0].GetProperty("statuses")[0].GetString());
    }

    [Fact]
    public async Task Sources_WhatOnlyStatusTells_IsAbsentFromAnswers()
    {
        (_, JsonElement answer) = await server.PostAsync(
            "/v1/context", "{\"entities\":[{\"type\":\"user\",\"key\":\"u\"}]}");
        JsonElement asked = answer.GetProperty("sources")[0];
        Assert.False(asked.TryGetProperty("idScope", out _) || asked.TryGetProperty("startOffset", out _));
        JsonElement status = JsonDocument.Parse(
            await server.Client.GetStringAsync(new Uri("/admin/v1/status", UriKind.Relative))).RootElement;
        JsonElement told = status.GetProperty("sources")[0];
        Assert.StartsWith("ID_SCOPE_", told.GetProperty("idScope").GetString(), StringComparison.Ordinal);
        Assert.False(told.TryGetProperty("startOffset", out _));
    }

    [Fact]
    public async Task Context_PositionThatNeverComes_Is504()
    {
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(
            "/v1/context?timeout_ms=50",
            "{\"entities\":[{\"type\":\"user\",\"key\":\"u\"}],"
            + "\"minPosition\":[{\"topic\":\"payments\",\"partition\":0,\"offset\":\"999999\"}]}");
        Assert.Equal(HttpStatusCode.GatewayTimeout, code);
        Assert.Equal(4, json.GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task Explain_Derived_NamesItsInputs()
    {
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(
            "/v1/explain", "{\"entity\":{\"type\":\"user\",\"key\":\"u\"},\"feature\":\"mean\"}");
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal(2, json.GetProperty("inputs").GetArrayLength());
    }

    [Fact]
    public async Task Explain_ApproximateValue_SaysItsBound()
    {
        string text = new('x', 5_000);
        await server.PublishAsync(
            $"{{\"user\":\"long\",\"ts\":1750000000000,\"amount\":1,\"note\":\"{text}\"}}", 1);
        const string Request = "{{\"entity\":{{\"type\":\"user\",\"key\":\"long\"}},\"feature\":\"{0}\"}}";
        (_, JsonElement cut) = await server.PostAsync("/v1/explain", string.Format(null, Request, "last_note"));
        string[] notes = [.. cut.GetProperty("notes").EnumerateArray().Select(n => n.GetString() ?? "")];
        Assert.Contains(notes, n => n.Contains("approximate: a text of more than 4,096", StringComparison.Ordinal));
        (_, JsonElement exact) = await server.PostAsync("/v1/explain", string.Format(null, Request, "spend"));
        notes = [.. exact.GetProperty("notes").EnumerateArray().Select(n => n.GetString() ?? "")];
        Assert.DoesNotContain(notes, n => n.Contains("approximate", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Host", "evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Host", "127.0.0.1.evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Host", "localhost:1", HttpStatusCode.OK)]
    [InlineData("Host", "[::1]:7080", HttpStatusCode.OK)]
    [InlineData("Origin", "http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    public async Task Request_FromElsewhere_IsForbidden(string header, string value, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/healthz");
        request.Headers.TryAddWithoutValidation(header, value);
        using HttpResponseMessage response = await server.Client.SendAsync(request);
        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Request_OfOwnPage_IsServed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/readyz");
        request.Headers.Add("Origin", server.Server.HttpAddress);
        using HttpResponseMessage response = await server.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("ready\n", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/nowhere", HttpStatusCode.NotFound)]
    [InlineData("/v1/context", HttpStatusCode.MethodNotAllowed)]
    [InlineData("/admin/v1/dead-letters/99", HttpStatusCode.NotFound)]
    [InlineData("/admin/v1/dead-letters/x", HttpStatusCode.BadRequest)]
    [InlineData("/admin/v1/dead-letters?limit=-1", HttpStatusCode.BadRequest)]
    [InlineData("/v1/watch", HttpStatusCode.BadRequest)]
    [InlineData("/v1/watch?type=usr&key=u", HttpStatusCode.BadRequest)]
    [InlineData("/v1/watch?type=user&key=u&feature=spend", HttpStatusCode.BadRequest)]
    [InlineData("/v1/watch?type=user&key=u&features=", HttpStatusCode.BadRequest)]
    [InlineData("/v1/watch?type=user&key=", HttpStatusCode.BadRequest)]
    [InlineData("/admin/v1/dead-letters/0?timeout=1", HttpStatusCode.BadRequest)]
    public async Task Get_Wrong_IsAStatusAsJson(string path, HttpStatusCode expected)
    {
        using HttpResponseMessage response = await server.Client.GetAsync(path);
        Assert.Equal(expected, response.StatusCode);
        JsonElement json = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.NotEqual(0, json.GetProperty("code").GetInt32());
    }

    [Theory]
    [InlineData("%0A", "\"UNKNOWN_FEATURE\"")]
    [InlineData("%00", "\"UNKNOWN_FEATURE\"")]
    [InlineData("spend%0Apayments", "\"UNKNOWN_FEATURE\"")]
    [InlineData("spend,%20payments", "\"NEVER_SEEN\", \"NEVER_SEEN\"")]
    public async Task Watch_NamesOfAnyText_AreOneFeatureEach(string features, string statuses)
    {
        using HttpResponseMessage response = await server.Client.GetAsync(
            $"/v1/watch?type=user&key=odd-watch&features={features}", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Contains($"\"statuses\": [ {statuses} ]", await DataAsync(reader), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_Change_ComesAsAnEvent()
    {
        using HttpResponseMessage response = await server.Client.GetAsync(
            "/v1/watch?type=user&key=watched&features=payments", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Contains("\"NEVER_SEEN\"", await DataAsync(reader), StringComparison.Ordinal);
        await server.PublishAsync(HttpFixture.Event("watched", 1), 1);
        Assert.Contains("\"int64Value\": \"1\"", await DataAsync(reader), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/context", "{\"entities\":[{\"type\":\"usr\",\"key\":\"u\"}]}")]
    [InlineData("/v1/context", "{\"entities\":[{\"type\":\"user@9\",\"key\":\"u\"}]}")]
    [InlineData("/v1/context", "{\"entities\":7}")]
    [InlineData("/v1/context", "{")]
    [InlineData("/v1/explain", "{\"entity\":{\"type\":\"user\",\"key\":\"u\"},\"feature\":\"men\"}")]
    [InlineData("/v1/events/payment", "{}")]
    [InlineData("/v1/events/payments", "{}")]
    [InlineData("/v1/events/payments", "[")]
    [InlineData("/v1/events/payments?invalid=no", "{}")]
    [InlineData("/v1/events/payments?invalids=dead-letter", "{}")]
    [InlineData("/v1/events/payments?invalid=", "{}")]
    [InlineData("/v1/context?timeout=50", "{\"entities\":[{\"type\":\"user\",\"key\":\"u\"}]}")]
    [InlineData("/v1/nowhere", "{}")]
    public async Task Message_OfAnyRefusal_EndsInOneMark(string path, string body)
    {
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(path, body);
        string message = json.GetProperty("message").GetString() ?? "";
        Assert.InRange((int)code, 400, 499);
        Assert.Matches(@"[^.?! ][.?]$", message);
        Assert.DoesNotMatch(@"[.?!;][.?!;]|\?\.|\.\.( |$)", message);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/metrics")]
    [InlineData("/openapi.json")]
    [InlineData("/admin/v1/status")]
    [InlineData("/admin/v1/definitions")]
    [InlineData("/admin/v1/dead-letters")]
    [InlineData("/v1/watch?type=user&key=head")]
    [InlineData("/")]
    public async Task Head_OfARouteThatIsRead_HasTheHeadOfGetAndNoBody(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using HttpResponseMessage head = await server.Client.SendAsync(request);
        using HttpResponseMessage get = await server.Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(get.StatusCode, head.StatusCode);
        Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Head_WhereGetIsNone_IsRefusedAsGetIs()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, "/v1/context");
        using HttpResponseMessage head = await server.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, head.StatusCode);
        using var options = new HttpRequestMessage(HttpMethod.Delete, "/healthz");
        using HttpResponseMessage refused = await server.Client.SendAsync(options);
        Assert.Equal(["GET", "HEAD"], refused.Content.Headers.Allow.Order());
    }

    [Theory]
    [InlineData("/v1/context", "{\"entities\":[{\"type\":\"user\",\"key\":\"u\"}]}")]
    [InlineData("/v1/explain", "{\"entity\":{\"type\":\"user\",\"key\":\"u\"},\"feature\":\"mean\"}")]
    public async Task Body_WithAMarkOfItsEncoding_IsReadAsUtf8AndElseNamed(string path, string body)
    {
        (HttpStatusCode code, string text) = await AnswerAsync(
            path, [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(body)]);
        Assert.True(code == HttpStatusCode.OK, text);
        foreach ((Encoding encoding, string name) in new (Encoding, string)[]
        {
            (Encoding.Unicode, "UTF-16 (little endian)"), (Encoding.BigEndianUnicode, "UTF-16 (big endian)"),
            (Encoding.UTF32, "UTF-32 (little endian)"), (new UTF32Encoding(true, true), "UTF-32 (big endian)"),
        })
        {
            (code, text) = await AnswerAsync(path, [.. encoding.GetPreamble(), .. encoding.GetBytes(body)]);
            Assert.Equal(HttpStatusCode.BadRequest, code);
            Assert.Contains(name, text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("application/json; charset=utf-8", true)]
    [InlineData("application/json; charset=\"UTF-8\"", true)]
    [InlineData("application/json;charset=us-ascii", true)]
    [InlineData("APPLICATION/JSON", true)]
    [InlineData("application/vnd.acme.ask+json", true)]
    [InlineData("", true)]
    [InlineData("application/cloudevents+json", false)]
    [InlineData("application/problem+xml", false)]
    [InlineData("application/vnd.acme+json; charset=utf-16", false)]
    [InlineData("application/json; charset=utf-16", false)]
    [InlineData("application/json; charset=iso-8859-1", false)]
    [InlineData("text/json", false)]
    public async Task Body_OfAnyMediaTypeAndCharset_IsTakenWhereItIsJsonInUtf8(string type, bool isTaken)
    {
        byte[] body = "{\"entities\":[{\"type\":\"user\",\"key\":\"u\"}]}"u8.ToArray();
        using var content = new ByteArrayContent(body);
        if (type.Length > 0)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        using HttpResponseMessage response = await server.Client.PostAsync("/v1/context", content);
        Assert.Equal(isTaken ? HttpStatusCode.OK : HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Theory]
    [InlineData("{\"entities\":[{\"type\":\"user\",\"key\":\"a\",\"key\":\"b\"}]}")]
    [InlineData("{\"entities\":[{\"type\":\"user\",\"key\":\"a\",\"k\\u0065y\":\"b\"}]}")]
    [InlineData("{\"entities\":[{\"type\":\"user\",\"key\":\"a\"}],\"entities\":[{\"type\":\"user\",\"key\":\"b\"}]}")]
    public async Task Context_MemberTwice_IsRefused(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await server.Client.PostAsync("/v1/context", content);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("uplicate", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenApi_Paths_AreExactlyTheRoutes()
    {
        JsonElement paths = JsonDocument.Parse(
            await server.Client.GetStringAsync("/openapi.json")).RootElement.GetProperty("paths");
        IEnumerable<string> described = paths.EnumerateObject().SelectMany(
            p => p.Value.EnumerateObject().Select(m => $"{m.Name.ToUpperInvariant()} {p.Name}"));
        IEnumerable<string> mapped = server.Server.Routes.SelectMany(
            r => (r.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [])
                .Where(m => m != "HEAD")
                .Select(m => $"{m} {r.RoutePattern.RawText}"));
        Assert.Equal(mapped.Order(), described.Order());
    }

    [Fact]
    public async Task OpenApi_References_AllResolve()
    {
        string text = await server.Client.GetStringAsync("/openapi.json");
        JsonElement root = JsonDocument.Parse(text).RootElement;
        foreach (string reference in text.Split("\"$ref\": \"#/").Skip(1).Select(p => p[..p.IndexOf('"')]))
        {
            JsonElement at = root;
            foreach (string part in reference.Split('/'))
            {
                Assert.True(at.TryGetProperty(part, out at), reference);
            }
        }
    }

    private async Task<(HttpStatusCode Code, string Text)> AnswerAsync(string path, byte[] body)
    {
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(path, body);
        return (code, json.ToString());
    }

    private static async Task<string> DataAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return line;
            }
        }

        return "";
    }
}
