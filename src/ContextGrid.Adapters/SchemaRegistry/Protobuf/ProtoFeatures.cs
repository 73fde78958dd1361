using System.Globalization;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>What the syntax or edition of a file and its features say about how a field or enum is read.</summary>
/// <param name="IsImplicit">Whether a field has no presence: absent, it has its type's default.</param>
/// <param name="IsClosed">Whether an enum has its named numbers only.</param>
/// <param name="IsDelimited">Whether messages stand between group tags and not behind a length.</param>
/// <param name="IsPacked">Whether repeated numbers are written packed; both forms are read.</param>
internal readonly record struct ProtoFeatures(bool IsImplicit, bool IsClosed, bool IsDelimited, bool IsPacked)
{
    /// <summary>What holds in a file that changes nothing (Protobuf Editions, "Feature Settings").</summary>
    internal static ProtoFeatures Of(ProtoEdition edition) => edition switch
    {
        ProtoEdition.Proto2 => new(IsImplicit: false, IsClosed: true, IsDelimited: false, IsPacked: false),
        ProtoEdition.Proto3 => new(IsImplicit: true, IsClosed: false, IsDelimited: false, IsPacked: true),
        _ => new(IsImplicit: false, IsClosed: false, IsDelimited: false, IsPacked: true),
    };

    /// <summary>These features with changes.</summary>
    internal ProtoFeatures With(ProtoFeatureChanges changes) => new(
        changes.IsImplicit ?? IsImplicit,
        changes.IsClosed ?? IsClosed,
        changes.IsDelimited ?? IsDelimited,
        changes.IsPacked ?? IsPacked);

    /// <summary>Gives every field and enum of a file what holds for it: features are inherited from outside to inside.
    /// </summary>
    internal static void Resolve(ProtoFile file)
    {
        ProtoFeatures features = Of(file.Edition).With(file.Features);
        Resolve(file.Enums, features);
        foreach (ProtoMessage message in file.Messages)
        {
            Resolve(message, features);
        }
    }

    private static void Resolve(ProtoMessage message, ProtoFeatures around)
    {
        ProtoFeatures features = around.With(message.Features);
        Resolve(message.Enums, features);
        foreach (ProtoField field in message.Fields)
        {
            ProtoFeatures outer = field.Oneof is null ? features : features.With(field.Oneof.Features);
            ProtoFeatures resolved = outer.With(field.Features);

            // A group is delimited in itself; the entries and values of a map never are.
            bool isGroup = field.Own?.Origin == ProtoMessageOrigin.Group;
            bool inMap = field.IsMap || message.Origin == ProtoMessageOrigin.MapEntry;
            field.Resolved = resolved with
            {
                IsImplicit = resolved.IsImplicit && field.Label is ProtoLabel.None,
                IsDelimited = isGroup || (resolved.IsDelimited && !inMap),
            };
        }

        foreach (ProtoMessage inner in message.Messages)
        {
            Resolve(inner, features);
        }
    }

    private static void Resolve(List<ProtoEnum> enums, ProtoFeatures around)
    {
        foreach (ProtoEnum found in enums)
        {
            found.IsClosed = around.With(found.Features).IsClosed;
        }
    }
}

/// <summary>The features that one declaration sets; null: it leaves them as they are around it.</summary>
internal sealed class ProtoFeatureChanges
{
    internal bool? IsImplicit { get; private set; }

    internal bool? IsClosed { get; private set; }

    internal bool? IsDelimited { get; private set; }

    internal bool? IsPacked { get; set; }

    /// <summary>Sets a feature by name; values and features that payloads do not depend on are passed over.</summary>
    internal void Set(string feature, string value)
    {
        switch (feature, value)
        {
            case ("field_presence", "EXPLICIT" or "IMPLICIT" or "LEGACY_REQUIRED"):
                IsImplicit = value == "IMPLICIT";
                break;
            case ("enum_type", "OPEN" or "CLOSED"):
                IsClosed = value == "CLOSED";
                break;
            case ("message_encoding", "LENGTH_PREFIXED" or "DELIMITED"):
                IsDelimited = value == "DELIMITED";
                break;
            case ("repeated_field_encoding", "PACKED" or "EXPANDED"):
                IsPacked = value == "PACKED";
                break;
        }
    }
}

/// <summary>The syntax or edition of a file, by the number that descriptors give it.</summary>
internal enum ProtoEdition
{
    Proto2 = 998,
    Proto3 = 999,
    Edition2023 = 1000,

    /// <summary>2024, and later ones: they are read by what is known of them.</summary>
    Edition2024 = 1001,
}

/// <summary>Reads the names of editions.</summary>
internal static class ProtoEditions
{
    private const int First = 2023;

    /// <summary>The edition of a year, such as <c>2023</c>; also of years to come. What <c>UNSTABLE</c> means changes,
    /// so it is none.</summary>
    /// <returns>False when it is none.</returns>
    internal static bool TryParse(string year, out ProtoEdition edition)
    {
        bool isYear = int.TryParse(year, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        edition = number == First ? ProtoEdition.Edition2023 : ProtoEdition.Edition2024;
        return isYear && number >= First;
    }
}
