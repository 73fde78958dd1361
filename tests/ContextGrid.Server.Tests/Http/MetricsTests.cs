using System.Diagnostics;
using ContextGrid.Server.Http.Metrics;

namespace ContextGrid.Server.Tests.Http;

public sealed class MetricsTests(HttpFixture server) : IClassFixture<HttpFixture>
{
    [Fact]
    public async Task Metrics_AfterEvents_CountThem()
    {
        await server.PublishAsync(HttpFixture.Event("metric", 1), 1);
        Assert.Matches("contextgrid_events_published_total{topic=\"payments\"} [1-9]", await TextAsync());
        Assert.Matches("contextgrid_entities{type=\"user\"} [1-9]", await TextAsync());
        Assert.Contains("contextgrid_source_lag_seconds{topic=\"payments\",partition=\"0\"}", await TextAsync());
    }

    [Fact]
    public async Task Metrics_AfterARequest_HaveItsDuration()
    {
        const string Expected =
            "contextgrid_request_duration_seconds_count{protocol=\"http\",method=\"/v1/events/{topic}\",code=\"200\"}";
        await server.PublishAsync(HttpFixture.Event("duration", 1), 1);

        // A duration is noted after the client has its answer, so a look or two may be too early.
        string text = await TextAsync();
        for (int look = 0; look < 100 && !text.Contains(Expected, StringComparison.Ordinal); look++)
        {
            text = await TextAsync();
        }

        Assert.Contains(Expected, text);
    }

    [Fact]
    public async Task Metrics_Promtool_FindsNothing()
    {
        const string Promtool = "/usr/bin/promtool";
        Assert.SkipUnless(File.Exists(Promtool), "promtool is missing: apt-get install prometheus");
        await server.PublishAsync(HttpFixture.Event("promtool", 1), 1);
        string text = await server.Client.GetStringAsync("/metrics");
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(Promtool, ["check", "metrics"])
            {
                RedirectStandardInput = true,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            },
        };
        process.Start();
        await process.StandardInput.WriteAsync(text);
        process.StandardInput.Close();
        string output = await process.StandardOutput.ReadToEndAsync() + await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal("", output);
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public void Text_SpecialCharacters_AreEscaped()
    {
        var text = new PrometheusText();
        text.Family("m", "a\\b\nc", MetricKind.Gauge);
        var series = new MetricSeries([new("tag", "\"\\\n")], MetricKind.Gauge);
        series.Set(double.PositiveInfinity);
        text.Series("m", MetricKind.Gauge, series);
        Assert.Equal("# HELP m a\\\\b\\nc\n# TYPE m gauge\nm{tag=\"\\\"\\\\\\n\"} +Inf\n", text.ToString());
    }

    private Task<string> TextAsync() => server.Client.GetStringAsync("/metrics");
}
