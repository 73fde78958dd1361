using System.Buffers.Text;
using System.Globalization;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;

namespace ContextGrid.Runtime.Codecs;

/// <summary>
/// Keys of entities whose key fields are all int64: events give them in decimal, so a question in another form can't be
/// right. Thread-safe.
/// </summary>
internal static class IntegerKey
{
    /// <summary>Whether all keys of an entity are integers.</summary>
    internal static bool IsOf(DefinitionSet definitions, EntityDefinition entity) =>
        entity.Sources.All(s => definitions.Events[s.EventIndex].Fields[s.KeyField].Type == ValueKind.Int64);

    /// <summary>Whether a key has the form that events give it. Does not allocate.</summary>
    internal static bool IsCanonical(ReadOnlySpan<byte> key)
    {
        Span<byte> digits = stackalloc byte[EntityKey.DigitsMax];
        return Utf8Parser.TryParse(key, out long number, out int used) && used == key.Length
            && Utf8Formatter.TryFormat(number, digits, out int length) && key.SequenceEqual(digits[..length]);
    }

    /// <summary>What is wrong with a key, and what was probably meant; without a full stop.</summary>
    internal static string Fault(string key, string type)
    {
        bool isNumber = decimal.TryParse(
            key, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number)
            && number == decimal.Truncate(number) && number is >= long.MinValue and <= long.MaxValue;
        return $"'{key}' is no key of '{type}': its keys are integers of 64 bits in decimal digits, such as 1001"
            + (isNumber ? $"; did you mean '{((long)number).ToString(CultureInfo.InvariantCulture)}'?" : "");
    }
}
