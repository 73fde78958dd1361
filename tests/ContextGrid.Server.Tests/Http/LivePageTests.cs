using System.Diagnostics;

namespace ContextGrid.Server.Tests.Http;

public sealed class LivePageTests(HttpFixture server) : IClassFixture<HttpFixture>
{
    private const string Chromium = "/usr/bin/chromium";

    [Fact]
    public async Task Page_Always_NamesNothingOutside()
    {
        using HttpResponseMessage response = await server.Client.GetAsync("/");
        string html = await response.Content.ReadAsStringAsync();
        Assert.StartsWith(
            "default-src 'none'; script-src 'sha256-", response.Headers.GetValues("Content-Security-Policy").Single());
        Assert.DoesNotContain("src=\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"http", html, StringComparison.Ordinal);
        Assert.DoesNotContain("innerHTML", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_InChromium_ShowsAUserAndTreatsMarkupAsText()
    {
        Assert.SkipUnless(File.Exists(Chromium), "chromium is missing: apt-get install chromium");
        const string Key = "<img src=x onerror=document.title='hacked'>";
        await server.PublishAsync(HttpFixture.Event(Key, 12.5, "<b>note</b>"), 1);
        string dom = await DumpAsync($"{server.Server.HttpAddress}/#user/{Uri.EscapeDataString(Key)}");
        Assert.Contains("12.5", dom, StringComparison.Ordinal);
        Assert.Contains("PRESENT", dom, StringComparison.Ordinal);
        Assert.Contains("&lt;b&gt;note&lt;/b&gt;", dom, StringComparison.Ordinal);
        Assert.Contains("&lt;img src=x", dom, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", dom, StringComparison.Ordinal);
        Assert.Contains("<title>ContextGrid</title>", dom, StringComparison.Ordinal);
    }

    private static async Task<string> DumpAsync(string url)
    {
        string profile = Path.Combine(Path.GetTempPath(), $"contextgrid-chromium-{Guid.NewGuid():n}");
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(Chromium,
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                $"--user-data-dir={profile}", "--timeout=10000", "--virtual-time-budget=4000", "--dump-dom", url,
            ])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        process.Start();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        string dom = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        await errors;
        Directory.Delete(profile, recursive: true);
        return dom;
    }
}
