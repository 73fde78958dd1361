using System.Net;
using System.Text;
using System.Text.Json;

namespace ContextGrid.Server.Tests.Services;

/// <summary>Lists of names that are the same text when they are joined by some character, and other lists.</summary>
internal static class FeatureNameLists
{
    private static readonly string[] Separators =
        ["\n", "\0", ",", ", ", " ", ";", "|", "/", "\t", "\r\n", "\u001f", ""];

    /// <summary>The lists; each comes again after all others.</summary>
    internal static IEnumerable<string[]> Of(string a, string b)
    {
        string[][] lists =
        [
            .. Separators.Select(s => new[] { a + s + b }), [a, b], [b, a], [""], ["", ""], [a, ""], ["", a], ["\n"],
            [a], [a + "\n"], [a, "\n", b], [a, "\0", b], [],
        ];
        return lists.Concat(lists);
    }

    /// <summary>Asks for every list by HTTP and checks names, statuses and values.</summary>
    internal static async Task CheckAsync(
        HttpClient client, string key, (string Name, string Value) a, (string Name, string Value) b)
    {
        foreach (string[] names in Of(a.Name, b.Name).Where(l => l.Length > 0))
        {
            string body = JsonSerializer.Serialize(
                new { entities = new[] { new { type = "user", key } }, features = names, newest = true });
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using HttpResponseMessage response = await client.PostAsync("/v1/context", content);
            string text = await response.Content.ReadAsStringAsync();
            Assert.True(response.StatusCode == HttpStatusCode.OK, text);
            JsonElement json = JsonDocument.Parse(text).RootElement;
            JsonElement entity = json.GetProperty("entities")[0], type = json.GetProperty("types")[0];
            Assert.Equal(names, type.GetProperty("features").EnumerateArray().Select(n => n.GetString()));
            Assert.Equal(
                names.Select(n => n == a.Name || n == b.Name ? "PRESENT" : "UNKNOWN_FEATURE"),
                entity.GetProperty("statuses").EnumerateArray().Select(s => s.GetString()));
            Assert.Equal(
                names.Select(n => n == a.Name ? a.Value : n == b.Name ? b.Value : ""),
                entity.GetProperty("values").EnumerateArray().Select(ValueOf));
        }
    }

    private static string ValueOf(JsonElement value) =>
        value.EnumerateObject().Select(p => p.Value.ToString()).FirstOrDefault("");
}
