using System.Reflection;
using ContextGrid.Orleans.Entities;
using ContextGrid.Orleans.Storage;
using ContextGrid.Orleans.Wire;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Serialization;
using static ContextGrid.Orleans.Tests.Versions.NewerTypes;

namespace ContextGrid.Orleans.Tests.Versions;

/// <summary>
/// What silos store and send is read by later versions, and by earlier ones while silos are exchanged. A value in a
/// place of its own type has no name of the type with it, so that a type with one more field can stand for a newer one.
/// </summary>
public sealed class StoredBytesTests : IDisposable
{
    private const string More = "what a newer version adds";

    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    private Serializer Serializer => _services.GetRequiredService<Serializer>();

    public void Dispose() => _services.Dispose();

    [Fact]
    public void Deserialize_BytesOfTheFirstVersion_GivesTheSameValue() => Assert.Equal(
        Samples.All.Select(s => $"{s.Type.Name} {Convert.ToHexString(s.Write(Serializer))}"),
        Samples.All.Select(s =>
            $"{s.Type.Name} {Convert.ToHexString(s.Rewrite(Serializer, Convert.FromHexString(s.Hex)))}"));

    [Fact]
    public void Samples_EveryTypeThatIsSerialized_HasOneAndAnAlias()
    {
        Type[] types =
        [
            .. typeof(EntityState).Assembly.GetTypes()
                .Where(t => t.GetCustomAttribute<GenerateSerializerAttribute>() is not null),
        ];
        Assert.Empty(types.Except(Samples.All.Select(s => s.Type)));
        Assert.All(types, t => Assert.StartsWith("ContextGrid.", t.GetCustomAttribute<AliasAttribute>()?.Alias));
    }

    [Fact]
    public void Deserialize_OneMoreField_IsReadByThePresentVersionAndTheOtherWayRound()
    {
        RequireBoth(
            new EntityState { Snapshot = [1, 2] },
            new NewerEntityState { Snapshot = [1, 2], More = More });
        RequireBoth(new ShardWrite("entity", [1], [2], 3), new NewerShardWrite("entity", [1], [2], 3, More));
        RequireBoth(new ShardState([1], 2), new NewerShardState([1], 2, More));
        RequireBoth(new EventBlock([1], 2), new NewerEventBlock([1], 2, More));
    }

    [Fact]
    public void Deserialize_WritesOfANewerVersion_AreReadOneAfterTheOther()
    {
        NewerShardWrite[] newer = [new("entity", [1], [2], 3, More), new("replay", [4], [5], 6, More)];
        ShardWrite[]? read = Serializer.Deserialize<ShardWrite[]>(Serializer.SerializeToArray(newer));
        Assert.Equal([("entity", 3L), ("replay", 6L)], read?.Select(w => (w.Kind, w.Version)));
    }

    private void RequireBoth<TPresent, TNewer>(TPresent present, TNewer newer)
        where TPresent : notnull
        where TNewer : notnull
    {
        TPresent? older = Serializer.Deserialize<TPresent>(Serializer.SerializeToArray(newer));
        Assert.Equal(Texts(typeof(TPresent), present), Texts(typeof(TPresent), older));
        TNewer? later = Serializer.Deserialize<TNewer>(Serializer.SerializeToArray(present));
        Assert.Equal([.. Texts(typeof(TPresent), present), "More="], Texts(typeof(TNewer), later));
        Assert.Equal(
            [.. Texts(typeof(TPresent), present), "More=" + More],
            Texts(typeof(TNewer), Serializer.Deserialize<TNewer>(Serializer.SerializeToArray(newer))));
    }

    private static IEnumerable<string> Texts(Type type, object? value) => type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(p => p.GetCustomAttribute<IdAttribute>() is not null)
        .OrderBy(p => p.GetCustomAttribute<IdAttribute>()?.Id)
        .Select(p => $"{p.Name}={Text(p.GetValue(value))}");

    private static string Text(object? value) =>
        value is Array items ? string.Join(',', items.Cast<object>()) : $"{value}";
}
