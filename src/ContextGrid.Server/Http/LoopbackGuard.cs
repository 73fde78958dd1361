using System.Net;
using ContextGrid.Server.Grpc;

namespace ContextGrid.Server.Http;

/// <summary>
/// Keeps web pages of others away from the port. The port listens on loopback only, but a browser on the same machine
/// reaches it: by a foreign name that its owner points to 127.0.0.1 (DNS rebinding; the Host header tells), or by a
/// request that a foreign page sends (the Origin header tells).
/// </summary>
internal static class LoopbackGuard
{
    /// <summary>Refuses a request that no program or page of this machine sends.</summary>
    /// <exception cref="HttpRefusal">403.</exception>
    internal static void Check(HttpRequest request)
    {
        if (!IsLoopback(request.Host.Host))
        {
            throw Foreign(
                $"The Host header '{request.Host}' does not name this machine. "
                + "The port answers to 127.0.0.1, localhost and [::1] only.");
        }

        string origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && !IsOwn(origin, request))
        {
            throw Foreign($"A page of '{origin}' may not call this server; only its own pages and programs may.");
        }
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));

    private static bool IsOwn(string origin, HttpRequest request) =>
        origin.Equals($"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase);

    private static HttpRefusal Foreign(string message) =>
        new(StatusCodes.Status403Forbidden, GrpcStatus.PermissionDenied, message);
}
