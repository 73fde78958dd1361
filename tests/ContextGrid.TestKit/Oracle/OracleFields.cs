using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace ContextGrid.TestKit.Oracle;

/// <summary>Fields of one event in arrays, for streams of hundreds of thousands of events.</summary>
/// <param name="names">The names, shared by all events.</param>
/// <param name="values">The values in their order.</param>
public sealed class OracleFields(string[] names, object?[] values) : IReadOnlyDictionary<string, object?>
{
    /// <inheritdoc/>
    public IEnumerable<string> Keys => names;

    /// <inheritdoc/>
    public IEnumerable<object?> Values => values;

    /// <inheritdoc/>
    public int Count => names.Length;

    /// <inheritdoc/>
    public object? this[string key] => values[Array.IndexOf(names, key)];

    /// <inheritdoc/>
    public bool ContainsKey(string key) => Array.IndexOf(names, key) >= 0;

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out object? value)
    {
        int at = Array.IndexOf(names, key);
        value = at < 0 ? null : values[at];
        return at >= 0;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() =>
        names.Zip(values, KeyValuePair.Create).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
