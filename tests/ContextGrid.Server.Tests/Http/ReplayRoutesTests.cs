using System.Net;
using System.Text.Json;

namespace ContextGrid.Server.Tests.Http;

/// <summary>A server of its own has no replays; that a silo has them is tested with real processes.</summary>
public sealed class ReplayRoutesTests(HttpFixture server) : IClassFixture<HttpFixture>
{
    [Theory]
    [InlineData("GET", "/admin/v1/replays")]
    [InlineData("POST", "/admin/v1/replays")]
    [InlineData("GET", "/admin/v1/replays/user-2")]
    [InlineData("DELETE", "/admin/v1/replays/user-2")]
    [InlineData("POST", "/admin/v1/replays/user-2/cancel")]
    public async Task Any_OnAServerOfItsOwn_Is400AndSaysHowToHaveACluster(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = method == "POST" ? new StringContent("{\"type\":\"user\"}", null, "application/json") : null,
        };
        using HttpResponseMessage response = await server.Client.SendAsync(request);
        JsonElement json = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal((HttpStatusCode.BadRequest, 9), (response.StatusCode, json.GetProperty("code").GetInt32()));
        Assert.Contains("--cluster", json.GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}
