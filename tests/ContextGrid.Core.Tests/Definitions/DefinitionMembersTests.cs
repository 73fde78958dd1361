using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;
using ContextGrid.Core.Tests.Expressions;

namespace ContextGrid.Core.Tests.Definitions;

/// <summary>
/// Every member of a definition is in the hash of the state, or is said to be harmless. A member that is added, and
/// that the hash does not see, fails here.
/// </summary>
public sealed class DefinitionMembersTests
{
    private static readonly EventDefinition Event = DefinitionTestSet.Event with { IdField = 5 };

    // What a member is changed to where adding one does not do.
    private static readonly Dictionary<string, object> Changes = new(StringComparer.Ordinal)
    {
        ["EventDefinition.TimestampField"] = -1,
        ["EventDefinition.IdField"] = 4,
        ["EventDefinition.KeyField"] = 5,
        ["EventDefinition.Fields"] = Event.Fields.SetItem(4, Event.Fields[4] with { Name = "other" }),
        ["FieldDefinition.Source"] = FieldSource.OfName("elsewhere"),
        ["EntitySource.KeyField"] = 5,
        ["EntityDefinition.Sources"] = ImmutableArray<EntitySource>.Empty,
        ["EntityDefinition.Features"] = ImmutableArray<FeatureDefinition>.Empty,
        ["EntityDefinition.Outputs"] =
            ImmutableArray.Create(new OutputDefinition("o", "out", 1, OutputFormat.Json, 1_000, [0])),
        ["FieldDefinition.Alternatives"] = ImmutableArray.Create(Event.Fields[0].Name),
        ["AggregateCall.Edges"] = ImmutableArray.Create(1.0, 2.0),
        ["AggregateCall.Kind"] = AggregateKind.Max,
        ["AggregateFeature.Window"] = new WindowDefinition(WindowKind.Tumbling, 60_000, 60_000, false),
        ["AggregateFeature.Aggregate"] = Aggregate("test | max(x)").Aggregate,
    };

    private const string Line = "test | sum(x) by s top 2 over 1h where b";

    // A feature where the member means something, if it is another one.
    private static readonly Dictionary<string, string> Lines = new(StringComparer.Ordinal)
    {
        ["AggregateCall.N"] = "test | last_n(s, 3)",
        ["AggregateCall.Quantile"] = "test | quantile(x, 0.25)",
        ["AggregateCall.HalfLifeMs"] = "test | ewma(x, 1m)",
        ["AggregateCall.Edges"] = "test | histogram(x, 1)",
        ["AggregateCall.OrderBy"] = "test | max_by(s, x)",
    };

    public static TheoryData<string> Members =>
    [
        .. new[]
        {
            typeof(EventDefinition), typeof(FieldDefinition), typeof(EntityDefinition), typeof(EntitySource),
            typeof(AggregateFeature), typeof(AggregateCall), typeof(WindowDefinition),
        }.SelectMany(t => RecordText.MembersOf(t).Select(m => $"{t.Name}.{m.Name}"))
            // An event's index means the event that it names, which is in the hash.
            .Where(m => !m.EndsWith(".EventIndex", StringComparison.Ordinal)),
    ];

    [Theory]
    [MemberData(nameof(Members))]
    public void OfState_AMemberIsChanged_DiffersUnlessItIsHarmless(string member)
    {
        AggregateFeature feature = Aggregate(Lines.GetValueOrDefault(member, Line));
        ulong before = HashOf(Event, new EntitySource(0, 4), feature, null);
        ulong after = member.Split('.')[0] switch
        {
            nameof(EventDefinition) => HashOf(Changed(Event, member), new EntitySource(0, 4), feature, null),
            nameof(FieldDefinition) => HashOf(
                Event with { Fields = Event.Fields.SetItem(2, Changed(Event.Fields[2], member)) },
                new EntitySource(0, 4), feature, null),
            nameof(EntitySource) => HashOf(Event, Changed(new EntitySource(0, 4), member), feature, null),
            nameof(AggregateFeature) => HashOf(Event, new EntitySource(0, 4), Changed(feature, member), null),
            nameof(AggregateCall) => HashOf(
                Event, new EntitySource(0, 4), feature with { Aggregate = Changed(feature.Aggregate, member) }, null),
            nameof(WindowDefinition) => HashOf(
                Event, new EntitySource(0, 4), feature with { Window = Changed(feature.Window, member) }, null),
            _ => HashOf(Event, new EntitySource(0, 4), feature, member),
        };
        bool isHarmless = DefinitionHash.Harmless.Contains(member);
        Assert.True(
            isHarmless == (before == after),
            isHarmless ? $"{member} is called harmless and is in the hash." : $"The hash does not see {member}.");
    }

    [Fact]
    public void Harmless_EachMember_Exists() =>
        Assert.Empty(DefinitionHash.Harmless.Except(Members.Select(m => m.Data)));

    private static ulong HashOf(
        EventDefinition definition, EntitySource source, AggregateFeature feature, string? member)
    {
        EntityDefinition entity = DefinitionTestSet.Entity with { Sources = [source], Features = [feature] };
        EntityDefinition changed = member is null ? entity : Changed(entity, member);
        return DefinitionHash.OfState(new DefinitionSet([definition], [changed]), changed);
    }

    private static AggregateFeature Aggregate(string line) => (AggregateFeature)DefinitionTestSet.Feature(line);

    // A copy of a record whose member has another value.
    private static T Changed<T>(T record, string member)
        where T : class
    {
        PropertyInfo property = RecordText.MembersOf(typeof(T)).Single(m => $"{typeof(T).Name}.{m.Name}" == member);
        var copy = (T)typeof(T).GetMethod("<Clone>$")!.Invoke(record, null)!; // Every record has it.
        object? value = property.GetValue(record);
        property.SetValue(copy, Changes.TryGetValue(member, out object? other) ? other : Other(property, value));
        return copy;
    }

    private static object Other(PropertyInfo member, object? value)
    {
        Type type = Nullable.GetUnderlyingType(member.PropertyType) ?? member.PropertyType;
        return type switch
        {
            _ when type == typeof(string) => value + "x",
            _ when type == typeof(bool) => value is not true,
            _ when type == typeof(int) => (value as int? ?? 0) + 1,
            _ when type == typeof(long) => (value as long? ?? 0) + 60_000,
            _ when type == typeof(double) => (value as double? ?? 0) + 0.25,
            _ when type == typeof(Expression) => ExpressionTestScope.Parse("not c"),
            _ when type.IsEnum => Enum.GetValues(type).Cast<object>().First(v => !v.Equals(value)),
            _ when typeof(IEnumerable).IsAssignableFrom(type) =>
                throw new InvalidOperationException($"Say in this test what {member.Name} is changed to."),
            _ => throw new InvalidOperationException($"Say in this test what {member.Name} is changed to."),
        };
    }
}
