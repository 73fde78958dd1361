using System.Security.Cryptography;
using System.Text;
using ContextGrid.Server.Http;

namespace ContextGrid.Server.Dashboard;

/// <summary>
/// The live page at <c>/</c>: one document without any outside resource. Its security policy allows its own script and
/// style by their hashes and requests to its own port, nothing else; what comes from events is only ever set as text.
/// </summary>
internal sealed class LivePage
{
    private const string Resource = "page.html";

    private readonly byte[] _html;
    private readonly string _policy;

    internal LivePage()
    {
        using Stream stream = typeof(LivePage).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The assembly has no resource {Resource}.");
        using var reader = new StreamReader(stream, Encoding.UTF8);

        // Browsers hash the text with line feeds, however it was checked out.
        string html = reader.ReadToEnd().ReplaceLineEndings("\n");
        _html = Encoding.UTF8.GetBytes(html);
        _policy = $"default-src 'none'; script-src {HashOf(html, "script")}; style-src {HashOf(html, "style")}; "
            + "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    }

    internal void Map(IEndpointRouteBuilder routes) => routes.MapRead("/", WriteAsync);

    private static string HashOf(string html, string tag)
    {
        int start = html.IndexOf($"<{tag}>", StringComparison.Ordinal) + tag.Length + 2;
        int end = html.IndexOf($"</{tag}>", start, StringComparison.Ordinal);
        return $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(html[start..end])))}'";
    }

    private Task WriteAsync(HttpContext http)
    {
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.ContentLength = _html.Length;
        http.Response.Headers.ContentSecurityPolicy = _policy;
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        return http.Response.Body.WriteAsync(_html, http.RequestAborted).AsTask();
    }
}
