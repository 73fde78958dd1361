namespace ContextGrid.Server.Http;

/// <summary>Routes that only read.</summary>
internal static class ReadRoutes
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps a route that answers GET, and HEAD by the same head without a body, which Kestrel leaves out
    /// (RFC 9110, 9.1: both are a must).</summary>
    internal static void MapRead(this IEndpointRouteBuilder routes, string pattern, RequestDelegate handler) =>
        routes.MapMethods(pattern, Methods, handler);
}
