using System.Globalization;

namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>
/// What reading one schema with all that it refers to may cost: whoever may write to the registry could else fill the
/// memory of every reader. The largest public .proto file has 4 MiB and 20,000 declarations. Not thread-safe.
/// </summary>
internal sealed class ProtoBounds
{
    /// <summary>Characters of all texts.</summary>
    internal const int CharsMax = 16 * 1024 * 1024;

    /// <summary>Messages, fields, enums, their values and imports of all texts.</summary>
    internal const int DeclarationsMax = 250_000;

    /// <summary>Characters of a full name.</summary>
    internal const int NameCharsMax = 512;

    /// <summary>Messages inside each other: twice what protoc allows.</summary>
    internal const int DepthMax = 64;

    /// <summary>Characters of all names that are looked up: a second or so.</summary>
    internal const long LookupCharsMax = 512L * 1024 * 1024;

    private long _chars;
    private int _declarations;
    private long _lookups;

    /// <summary>Counts a text.</summary>
    internal void Read(int chars) => Require((_chars += chars) <= CharsMax, "characters", CharsMax);

    /// <summary>Counts a declaration.</summary>
    internal string Declare(string name)
    {
        Require(name.Length <= NameCharsMax, "characters in a name", NameCharsMax);
        Require(++_declarations <= DeclarationsMax, "declarations", DeclarationsMax);
        return name;
    }

    /// <summary>Checks how deep a message is inside of others.</summary>
    internal static void Nest(int depth) => Require(depth < DepthMax, "messages inside each other", DepthMax);

    /// <summary>Counts a look-up.</summary>
    internal void LookUp(int nameChars, int files) =>
        Require((_lookups += (long)nameChars * files) <= LookupCharsMax, "names to look up", LookupCharsMax);

    private static void Require(bool holds, string what, long max)
    {
        if (!holds)
        {
            throw new SchemaTextException(string.Create(
                CultureInfo.InvariantCulture, $"it has too many {what}: {max} is the most"));
        }
    }
}
