using System.Net;
using System.Text;
using System.Text.Json;

namespace ContextGrid.Server.Tests.Http;

public sealed class DeadLetterRoutesTests(HttpFixture server) : IClassFixture<HttpFixture>
{
    private const string Path = "/admin/v1/dead-letters";

    [Fact]
    public async Task RetryAndDiscard_OverHttp_TellWhatBecameOfEach()
    {
        string[] ids = await KeepAsync("{\"user\":7}", "{\"user\":8}");
        string payload = Convert.ToBase64String(Encoding.UTF8.GetBytes(HttpFixture.Event("mended", 5)));
        string retry = $$"""{"letters":[{"id":{{ids[0]}},"payload":"{{payload}}"},{"id":{{ids[1]}}}]}""";
        (HttpStatusCode code, JsonElement json) = await server.PostAsync(Path + "/retry", retry);
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal(
            ["RETRY_APPLIED", "RETRY_REFUSED"],
            json.GetProperty("outcomes").EnumerateArray().Select(o => o.GetProperty("result").GetString()));
        (_, json) = await server.PostAsync(Path + "/discard", $$"""{"ids":[{{ids[1]}}],"note":"no use"}""");
        Assert.True(json.GetProperty("outcomes")[0].GetProperty("discarded").GetBoolean());

        Assert.Equal("RETRIED", (await GetAsync($"{Path}/{ids[0]}")).GetProperty("state").GetString());
        JsonElement discarded = await GetAsync($"{Path}/{ids[1]}");
        Assert.Equal("no use", discarded.GetProperty("note").GetString());
        Assert.DoesNotContain(ids[0], await ListAsync("?topic=payments"));
        Assert.Contains(ids[0], await ListAsync("?state=retried"));
        Assert.DoesNotContain(ids[1], await ListAsync("?state=retried"));
        Assert.Equal(ids.Order(), (await ListAsync("?state=all&limit=1000")).Intersect(ids).Order());
        string metrics = await server.Client.GetStringAsync("/metrics");
        Assert.Contains(
            "contextgrid_dead_letters_retried_total{topic=\"payments\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("contextgrid_dead_letters_discarded_total 1", metrics, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("until_ms=0")]
    [InlineData("until_ms=-1")]
    [InlineData("until_ms=1970-01-01T00:00:00Z")]
    [InlineData("before=0")]
    public async Task List_BoundsAtZero_AreBounds(string bound)
    {
        await KeepAsync("{\"user\":9}");

        Assert.Empty(await ListAsync($"?state=all&{bound}"));
        Assert.NotEmpty(await ListAsync("?state=all&since_ms=0"));
    }

    [Theory]
    [InlineData("?state=lost")]
    [InlineData("?since_ms=yesterday")]
    [InlineData("?since_ms=1780272000")]
    [InlineData("?until_ms=")]
    [InlineData("?limit=0")]
    [InlineData("?limit=1001")]
    [InlineData("?before=x")]
    [InlineData("?until=0")]
    [InlineData("?Topic=payments")]
    [InlineData("?topic=")]
    [InlineData("?reason")]
    [InlineData("?contains=")]
    [InlineData("?state=")]
    [InlineData("?timeout=5")]
    [InlineData("?timeout_ms=")]
    public async Task List_WrongQuery_Is400(string query)
    {
        using HttpResponseMessage response = await server.Client.GetAsync(Path + query);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData("retry", "letters", "{\"id\":0}", 101)]
    [InlineData("retry", "letters", "{\"id\":0}", 0)]
    [InlineData("discard", "ids", "0", 1001)]
    public async Task Post_TooManyOrNone_Is400(string route, string field, string item, int count)
    {
        string items = string.Join(',', Enumerable.Repeat(item, count));
        (HttpStatusCode code, JsonElement json) =
            await server.PostAsync($"{Path}/{route}", $"{{\"{field}\":[{items}]}}");
        Assert.Equal(HttpStatusCode.BadRequest, code);
        Assert.Contains(field, json.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private async Task<string[]> KeepAsync(params string[] events)
    {
        (_, JsonElement json) = await server.PostAsync(
            "/v1/events/payments?invalid=dead-letter", $"[{string.Join(',', events)}]");
        return
        [
            .. json.GetProperty("refused").EnumerateArray()
                .Select(r => r.GetProperty("deadLetter").GetProperty("offset").GetString() ?? ""),
        ];
    }

    private async Task<string[]> ListAsync(string query) =>
    [
        .. (await GetAsync(Path + query)).GetProperty("deadLetters").EnumerateArray()
            .Select(l => l.GetProperty("id").GetString() ?? ""),
    ];

    private async Task<JsonElement> GetAsync(string path) =>
        JsonDocument.Parse(await server.Client.GetStringAsync(path)).RootElement;
}
