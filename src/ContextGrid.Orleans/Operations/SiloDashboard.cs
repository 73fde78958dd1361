using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;

namespace ContextGrid.Orleans.Operations;

/// <summary>
/// The dashboard of Orleans under <see cref="DashboardAccess.Path"/> in another application's pipeline. It runs on
/// the silo's services and routes: the application's have nothing of it, and it answers on no other path.
/// </summary>
public static class SiloDashboard
{
    /// <summary>Puts it into a pipeline, if the silo has it; before routing, so that routes can't get past it.
    /// </summary>
    public static IApplicationBuilder UseSiloDashboard(this IApplicationBuilder app, SiloHost silo)
    {
        IServiceProvider services = silo.Services;
        if (services.GetService<DashboardAccess>() is not { } access)
        {
            return app;
        }

        var pipeline = new ApplicationBuilder(services);
        pipeline.UseRouting();
        pipeline.UseEndpoints(endpoints => endpoints.MapOrleansDashboard(DashboardAccess.Path));
        RequestDelegate dashboard = pipeline.Build();
        return app.Use(next => http =>
            http.Request.Path.StartsWithSegments(DashboardAccess.Path)
                ? ServeAsync(http, access, services, dashboard)
                : next(http));
    }

    /// <summary>Adds what it needs to a silo.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="access">Who may see it; null: the silo has no part in it.</param>
    internal static void Use(ISiloBuilder silo, DashboardAccess? access)
    {
        if (access is null)
        {
            // A silo that has it must not place its grains here, where their services are not.
            silo.Configure<GrainTypeOptions>(types =>
                types.Classes.RemoveWhere(t => t.Assembly == typeof(DashboardOptions).Assembly));
            return;
        }

        silo.Services.AddSingleton(access);
        silo.Services.AddRouting();
        silo.Services.AddSingleton(_ => new DiagnosticListener("Microsoft.AspNetCore")); // Routing asks for it.

        // The log goes where logs go; a stream of it would be open for an hour.
        silo.AddDashboard(dashboard => dashboard.HideTrace = true);
    }

    private static async Task ServeAsync(
        HttpContext http, DashboardAccess access, IServiceProvider services, RequestDelegate dashboard)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (access.IsOpen ? !IsOfThisMachine(http.Connection) : !access.IsPassword(http.Request.Headers.Authorization))
        {
            http.Response.StatusCode = access.IsOpen
                ? StatusCodes.Status403Forbidden
                : StatusCodes.Status401Unauthorized;
            http.Response.Headers.WWWAuthenticate = access.IsOpen ? default : "Basic realm=\"ContextGrid\"";
            await http.Response.WriteAsync(access.IsOpen
                ? "The dashboard is open on the machine itself only.\n"
                : "The dashboard needs its password.\n");
            return;
        }

        IServiceProvider outer = http.RequestServices;
        await using AsyncServiceScope scope = services.CreateAsyncScope();
        http.RequestServices = scope.ServiceProvider;
        http.SetEndpoint(null);
        try
        {
            await dashboard(http);
        }
        finally
        {
            http.RequestServices = outer;
        }
    }

    private static bool IsOfThisMachine(ConnectionInfo connection) =>
        connection is { LocalIpAddress: { } local, RemoteIpAddress: { } remote }
        && IPAddress.IsLoopback(local) && IPAddress.IsLoopback(remote);
}
