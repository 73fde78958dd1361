using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace ContextGrid.Server.Tests.Http;

/// <summary>CloudEvents and headers of records through HTTP.</summary>
public sealed class CloudEventRoutesTests(CloudEventRoutesTests.Fixture server)
    : IClassFixture<CloudEventRoutesTests.Fixture>
{
    private const string Structured = "application/cloudevents+json", Batch = "application/cloudevents-batch+json";

    [Theory]
    [InlineData(Structured)]
    [InlineData("Application/CloudEvents+JSON; charset=UTF-8")]
    [InlineData("application/json")]
    public async Task Publish_StructuredEvent_IsTaken(string type)
    {
        string key = "s" + type.Length;
        (HttpStatusCode code, JsonElement json) = await PostAsync("orders", Event("1", key), type);
        Assert.True(code == HttpStatusCode.OK, json.ToString());
        Assert.Equal("order.paid 5", await FeaturesAsync(key, json));
    }

    [Fact]
    public async Task Publish_Batch_IsTakenEventByEvent()
    {
        string body = $"[{Event("b1", "b")},{Event("b2", "b")},{{\"specversion\":\"1.0\"}}]";
        (HttpStatusCode code, JsonElement json) = await PostAsync("orders", body, Batch + "; charset=utf-8");
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal(2, json.GetProperty("accepted").GetInt32());
        Assert.Equal("order.paid 10", await FeaturesAsync("b", json));
        (code, json) = await PostAsync("orders", Event("b3", "b"), Batch);
        Assert.Equal(HttpStatusCode.BadRequest, code);
        Assert.Contains("a batch of CloudEvents is a JSON array", Message(json), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/vnd.order+json; charset=utf-8")]
    [InlineData(null)]
    public async Task Publish_BinaryMode_TakesAttributesFromHeaders(string? type)
    {
        string key = "h" + type?.Length;
        (HttpStatusCode code, JsonElement json) = await PostAsync(
            "orders", $"{{\"key\":\"{key}\",\"order\":{{\"n\":5}}}}", type,
            ("CE-SpecVersion", "1.0"), ("ce-id", "h" + type), ("ce-source", "/s"),
            ("ce-type", "order%2Epaid%20%C3%A9"));
        Assert.True(code == HttpStatusCode.OK, json.ToString());
        Assert.Equal("order.paid é 5", await FeaturesAsync(key, json));
    }

    [Theory]
    [InlineData("a b", "a b")]
    [InlineData("\"a b\"", "a b")]
    [InlineData("\"a\\b \\\"c\\\" \\\\%20\"", "ab \"c\" \\ ")]
    [InlineData("\"\\\\\\\"\"", "\\\"")]
    public async Task Publish_BinaryModeWithQuotes_TakesThemAway(string header, string meant)
    {
        string key = "q" + Convert.ToHexString(Encoding.UTF8.GetBytes(header));
        (HttpStatusCode code, JsonElement json) = await PostAsync(
            "orders", $"{{\"key\":\"{key}\",\"order\":{{\"n\":5}}}}", "application/json",
            ("ce-specversion", "1.0"), ("ce-id", key), ("ce-source", "/s"), ("ce-type", header));
        Assert.True(code == HttpStatusCode.OK, json.ToString());
        Assert.Equal(meant + " 5", await FeaturesAsync(key, json));
    }

    [Theory]
    [InlineData("orders", "text/plain", "The CloudEvent's data is text/plain; application/json is read")]
    [InlineData("orders", "application/json; charset=utf-16", "The charset 'utf-16' is not taken")]
    [InlineData("plain", Structured, "holds events of the format json; application/cloudevents+json is for topics of")]
    [InlineData("plain", Batch, "holds events of the format json")]
    [InlineData("plain", "application/cloudevents+avro", "application/cloudevents+json")]
    public async Task Publish_ContentOfAnotherKind_Is415WithWhatIsTaken(string topic, string type, string words)
    {
        (HttpStatusCode code, JsonElement json) = await PostAsync(
            topic, "{}", type, ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, code);
        Assert.Contains(words, Message(json), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData(" [ ] ")]
    public async Task Publish_EmptyBatch_IsTakenAndHasNothing(string body)
    {
        (HttpStatusCode code, JsonElement json) = await PostAsync("orders", body, Batch);
        Assert.True(code == HttpStatusCode.OK, json.ToString());
        Assert.Equal(0, json.GetProperty("accepted").GetInt32());
        (code, _) = await PostAsync("orders", "[", Batch);
        Assert.Equal(HttpStatusCode.BadRequest, code);
        (code, _) = await PostAsync("orders", "[]", "application/json");
        Assert.Equal(HttpStatusCode.BadRequest, code);
    }

    [Fact]
    public async Task Publish_UnknownTopic_Is404InEveryMode()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync("nowhere", "[]", Batch)).Item1);
        (HttpStatusCode code, _) = await PostAsync("nowhere", Event("1", "k"), Structured);
        Assert.Equal(HttpStatusCode.NotFound, code);
    }

    [Fact]
    public async Task Publish_HeadersOfFields_AreKeptWithTheRecordAndNoOthers()
    {
        (HttpStatusCode code, JsonElement json) = await PostAsync(
            "plain", "[{\"n\":1},{\"n\":2}]", "application/json", ("Tenant-ID", "acme"), ("x-secret", "s"));
        Assert.True(code == HttpStatusCode.OK, json.ToString());
        Assert.Equal(2, json.GetProperty("accepted").GetInt32());
        (code, json) = await PostAsync(
            "plain?invalid=dead-letter", "{\"n\":\"x\"}", "application/json", ("Tenant-ID", "acme"), ("x-secret", "s"));
        Assert.Equal(HttpStatusCode.OK, code);
        string? id = json.GetProperty("refused")[0].GetProperty("deadLetter").GetProperty("offset").GetString();
        string letter = await server.Client.GetStringAsync($"/admin/v1/dead-letters/{id}");
        JsonElement header = Assert.Single(
            JsonDocument.Parse(letter).RootElement.GetProperty("headers").EnumerateArray());
        Assert.Equal(
            ("tenant-id", "acme"), (header.GetProperty("name").GetString(), header.GetProperty("value").GetString()));
    }

    private static string Event(string id, string key) =>
        $"{{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"/{key}\",\"type\":\"order.paid\","
        + $"\"data\":{{\"key\":\"{key}\",\"order\":{{\"n\":5}}}}}}";

    private static string Message(JsonElement json) => json.GetProperty("message").GetString() ?? "";

    private async Task<(HttpStatusCode Code, JsonElement Json)> PostAsync(
        string topic, string body, string? type, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events/" + topic);
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        request.Content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await server.Client.SendAsync(request);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }

    private async Task<string> FeaturesAsync(string key, JsonElement published)
    {
        await server.WaitForAsync(published);
        (_, JsonElement json) = await server.PostAsync(
            "/v1/context", $"{{\"entities\":[{{\"type\":\"customer\",\"key\":\"{key}\"}}]}}");
        JsonElement values = json.GetProperty("entities")[0].GetProperty("values");
        return $"{values[0].GetProperty("stringValue").GetString()} "
            + values[1].GetProperty("int64Value").GetString();
    }

    /// <summary>A server with a topic of CloudEvents and one of JSON with a header.</summary>
    public sealed class Fixture : HttpFixture
    {
        protected override string Definitions => """
            version: 1
            events:
              order:
                topic: orders
                format: cloudevents
                fields: {key: string, order.n: int64, ce_type: string}
              thing:
                topic: plain
                fields: {n: int64, tenant: string from header tenant-id}
            entities:
              customer:
                from: {order: key}
                features: {last_type: order | last(ce_type), sum: order | sum(order.n)}
              tenant:
                from: {thing: tenant}
                features: {sum: thing | sum(n)}
            """;
    }
}
