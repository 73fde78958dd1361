using System.Globalization;
using System.Net;
using System.Text.Json;

namespace ContextGrid.Server.Tests.Http;

/// <summary>Events at the epoch and before it have times like others; only what is not there is told as absent.
/// </summary>
public sealed class EpochTests(HttpFixture server) : IClassFixture<HttpFixture>
{
    private const long NoEvent = 253_402_300_800_000;

    [Fact]
    public async Task Context_EventsAtAndBeforeTheEpoch_HaveTheirTimes()
    {
        await server.PublishAsync("""
            {"user":"reset","amount":1,"ts":0}
            {"user":"old","amount":1,"ts":-90000}
            """, 2);

        JsonElement reset = await ContextAsync("reset"), old = await ContextAsync("old");
        JsonElement none = await ContextAsync("none");

        Assert.Equal("0", reset.GetProperty("newestEventMs").GetString());
        Assert.Equal([0, 0, 0, 0], Times(reset));
        Assert.Equal("-90000", old.GetProperty("newestEventMs").GetString());
        Assert.Equal([-90_000, -90_000, -90_000, -90_000], Times(old));
        Assert.False(none.TryGetProperty("newestEventMs", out _));
        Assert.Empty(Times(none));
    }

    [Fact]
    public async Task Explain_WindowAtTheEpoch_IsTold()
    {
        await server.PublishAsync("""{"user":"explained","amount":1,"ts":0}""", 1);

        (HttpStatusCode code, JsonElement json) = await server.PostAsync(
            "/v1/explain", """{"entity":{"type":"user","key":"explained"},"feature":"mean","newest":true}""");

        Assert.Equal(HttpStatusCode.OK, code);
        Assert.False(json.TryGetProperty("windowEndMs", out _));
        JsonElement input = json.GetProperty("inputs")[0];
        Assert.Equal("0", input.GetProperty("windowEndMs").GetString());
        Assert.False(input.TryGetProperty("windowStartMs", out _));
        JsonElement entity = await ContextAsync("explained", "mistake", "mean");
        Assert.Equal([NoEvent, 0], Times(entity));
    }

    [Theory]
    [InlineData("0", "0")]
    [InlineData("\"1970-01-01T00:00:00.0009999Z\"", "0")]
    [InlineData("\"1970-01-01t00:00:60+00:00\"", "60000")]
    [InlineData("1780272000000", "1780272000000")]
    [InlineData("\"1780272000000\"", "1780272000000")]
    public async Task Context_HeadOverHttp_IsReadAsEverywhere(string head, string expected)
    {
        foreach (string name in new[] { "asOf", "as_of" })
        {
            (HttpStatusCode code, JsonElement json) = await server.PostAsync(
                "/v1/context", $$"""{"entities":[{"type":"user","key":"nobody"}],"{{name}}":{{head}}}""");

            Assert.Equal(HttpStatusCode.OK, code);
            Assert.Equal(expected, json.GetProperty("entities")[0].GetProperty("headMs").GetString());
        }
    }

    [Theory]
    [InlineData("1780272002", "looks like seconds")]
    [InlineData("\"2026\"", "looks like a year")]
    [InlineData("\"01/02/2026\"", "was meant")]
    [InlineData("1.5", "was meant")]
    [InlineData("\"2026-02-29T00:00:00Z\"", "no such day")]
    public async Task Explain_HeadThatIsNoTime_IsRefusedWithTheCause(string head, string cause)
    {
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(
            "/v1/explain", $$"""{"entity":{"type":"user","key":"a"},"feature":"mean","asOf":{{head}}}""");

        Assert.Equal(HttpStatusCode.BadRequest, code);
        Assert.Contains(cause, json.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static long[] Times(JsonElement entity) =>
    [
        .. entity.GetProperty("eventTimesMs").EnumerateArray()
            .Select(t => long.Parse(t.GetString() ?? "", CultureInfo.InvariantCulture)),
    ];

    private async Task<JsonElement> ContextAsync(string key, params string[] features)
    {
        string names = JsonSerializer.Serialize(features);
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(
            "/v1/context",
            $$"""{"entities":[{"type":"user","key":"{{key}}"}],"features":{{names}},"newest":true}""");
        Assert.Equal(HttpStatusCode.OK, code);
        return json.GetProperty("entities")[0];
    }
}
