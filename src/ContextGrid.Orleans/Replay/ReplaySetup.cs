using Microsoft.Extensions.DependencyInjection;

namespace ContextGrid.Orleans.Replay;

/// <summary>What replays add to a silo.</summary>
internal static class ReplaySetup
{
    /// <summary>Adds replays.</summary>
    internal static void AddReplays(this IServiceCollection services, ReplayOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<ReplayTurns>();
        services.AddSingleton<ShadowStore>();
        services.AddSingleton<ReplayParts>();
        services.AddSingleton(s => new Replays(s.GetRequiredService<ReplayParts>()));
        services.AddHostedService<ReplayService>();
    }
}
