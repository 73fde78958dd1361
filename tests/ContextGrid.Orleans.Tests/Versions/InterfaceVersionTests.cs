using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Metadata;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Tests.Versions;

/// <summary>What silos of two versions in one cluster go by.</summary>
public sealed class InterfaceVersionTests
{
    // The names on the wire: a type or a method may be renamed, its alias may not. A method is added by a new version.
    [Fact]
    public void Interfaces_All_HaveAliasesForThemselvesAndTheirMethods() => Assert.All(
        typeof(SiloHost).Assembly.GetTypes().Where(t => t.IsInterface && t.IsAssignableTo(typeof(IAddressable))),
        type =>
        {
            Assert.StartsWith("ContextGrid.", type.GetCustomAttribute<AliasAttribute>()?.Alias);
            Assert.All(type.GetMethods(), m => Assert.NotNull(m.GetCustomAttribute<AliasAttribute>()));
        });

    [Fact]
    public async Task Silo_ItsManifest_HasTheVersionOfEachInterface()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await cluster.StartAsync();
        GrainManifest manifest = silo.Services.GetRequiredService<IClusterManifestProvider>().LocalGrainManifest;
        Assert.Equal(
            [
                "ContextGrid.IReplayGrain 1", "ContextGrid.IReplayIndexGrain 1", "ContextGrid.ISnapshotShardGrain 1",
            ],
            manifest.Interfaces
                .Select(i => (Name: i.Key.ToString(), i.Value.Properties))
                .Where(i => i.Name.StartsWith("ContextGrid.I", StringComparison.Ordinal) && i.Name.EndsWith("Grain"))
                .Select(i => $"{i.Name} {i.Properties.GetValueOrDefault(WellKnownGrainInterfaceProperties.Version)}")
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Silo_OfMixedVersions_TakesCallsOfOlderOnesAlone()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await cluster.StartAsync();
        GrainVersioningOptions versions =
            silo.Services.GetRequiredService<IOptions<GrainVersioningOptions>>().Value;
        Assert.Equal(
            ("BackwardCompatible", "AllCompatibleVersions"),
            (versions.DefaultCompatibilityStrategy, versions.DefaultVersionSelectorStrategy));
    }
}
