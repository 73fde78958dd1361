using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.Json;
using ContextGrid.Server.Grpc;

namespace ContextGrid.Server.Http.Metrics;

/// <summary>How long requests take, by method and outcome. Thread-safe. Texts of tags are made once, so that a call
/// allocates nothing.</summary>
internal sealed class RequestMetrics
{
    private const string Unmatched = "unmatched";

    private static readonly string[] GrpcCodes =
        [.. Enum.GetValues<GrpcStatus>().Select(s => JsonNamingPolicy.SnakeCaseUpper.ConvertName(s.ToString()))];

    private static readonly string[] HttpCodes =
        [.. Enumerable.Range(0, 600).Select(c => c.ToString(CultureInfo.InvariantCulture))];

    private readonly Histogram<double> _seconds;

    internal RequestMetrics(Meter meter) => _seconds = meter.CreateHistogram<double>(
        "contextgrid_request_duration",
        "s",
        "How long requests took, by protocol, method and code; streams are left out.");

    /// <summary>Whether anybody listens.</summary>
    internal bool Enabled => _seconds.Enabled;

    /// <summary>Notes the end of a gRPC call.</summary>
    internal void Grpc(GrpcMethod method, GrpcStatus status, TimeSpan elapsed)
    {
        if (_seconds.Enabled && method.Kind == GrpcMethodKind.Unary)
        {
            Record("grpc", method.Path, GrpcCodes[(int)status], elapsed);
        }
    }

    /// <summary>Notes the end of an HTTP request.</summary>
    internal void Http(HttpContext http, TimeSpan elapsed)
    {
        if (_seconds.Enabled && http.Response.ContentType != WatchRoute.ContentType)
        {
            string route = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? Unmatched;
            Record("http", route, HttpCodes[Math.Clamp(http.Response.StatusCode, 0, 599)], elapsed);
        }
    }

    private void Record(string protocol, string method, string code, TimeSpan elapsed) => _seconds.Record(
        elapsed.TotalSeconds,
        new KeyValuePair<string, object?>("protocol", protocol),
        new KeyValuePair<string, object?>("method", method),
        new KeyValuePair<string, object?>("code", code));
}
