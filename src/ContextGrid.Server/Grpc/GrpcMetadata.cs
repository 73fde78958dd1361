using System.Collections;
using Microsoft.Extensions.Primitives;

namespace ContextGrid.Server.Grpc;

/// <summary>
/// Custom metadata of a call: pairs of a lower-case key and a value, in order, keys may repeat. The value of a key that
/// ends in <c>-bin</c> is bytes, all others are printable ASCII. Not thread-safe.
/// Source: gRPC over HTTP/2, "Custom-Metadata".
/// </summary>
public sealed class GrpcMetadata : IEnumerable<GrpcMetadataEntry>
{
    private readonly List<GrpcMetadataEntry> _entries = [];

    /// <summary>The number of entries.</summary>
    public int Count => _entries.Count;

    /// <summary>Adds text.</summary>
    /// <param name="key">Of <c>0-9 a-z _ . -</c>, not ending in <c>-bin</c>, not starting with <c>grpc-</c>.</param>
    /// <param name="value">Printable ASCII.</param>
    /// <exception cref="ArgumentException">The key or the value is not as said.</exception>
    public void Add(string key, string value)
    {
        RequireKey(key, binary: false);
        foreach (var c in value)
        {
            if (c is < ' ' or > '~')
            {
                throw new ArgumentException(
                    $"Metadata '{key}' has a character outside of printable ASCII; use '-bin'.");
            }
        }

        _entries.Add(new GrpcMetadataEntry(key, value, null));
    }

    /// <summary>Adds bytes.</summary>
    /// <param name="key">As for text, but ending in <c>-bin</c>.</param>
    /// <param name="value">The bytes; kept, not copied.</param>
    /// <exception cref="ArgumentException">The key is not as said.</exception>
    public void Add(string key, byte[] value)
    {
        RequireKey(key, binary: true);
        _entries.Add(new GrpcMetadataEntry(key, null, value));
    }

    /// <summary>The last text of the key, or null.</summary>
    /// <param name="key">The key in lower case.</param>
    public string? GetText(string key) => Find(key).Text;

    /// <summary>The last bytes of the key, or null.</summary>
    /// <param name="key">The key in lower case, ending in <c>-bin</c>.</param>
    public byte[]? GetBytes(string key) => Find(key).Bytes;

    /// <inheritdoc/>
    public IEnumerator<GrpcMetadataEntry> GetEnumerator() => _entries.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => _entries.GetEnumerator();

    /// <summary>Reads the custom metadata of a request: pseudo headers and gRPC's own are left out.</summary>
    /// <exception cref="GrpcException">INTERNAL: a binary value is not base64.</exception>
    internal static GrpcMetadata From(IHeaderDictionary headers)
    {
        var metadata = new GrpcMetadata();
        foreach (var (name, values) in headers)
        {
            var key = name.ToLowerInvariant();
            if (!IsReserved(key))
            {
                metadata.AddValues(key, values);
            }
        }

        return metadata;
    }

    /// <summary>Appends every entry to HTTP headers or trailers.</summary>
    internal void CopyTo(IHeaderDictionary headers)
    {
        foreach (var entry in _entries)
        {
            headers.Append(entry.Key, entry.Text ?? GrpcWireText.ToBase64(entry.Bytes));
        }
    }

    private void AddValues(string key, StringValues values)
    {
        var binary = key.EndsWith("-bin", StringComparison.Ordinal);
        foreach (var value in values)
        {
            if (!binary)
            {
                _entries.Add(new GrpcMetadataEntry(key, value ?? "", null));
                continue;
            }

            foreach (var part in (value ?? "").Split(','))
            {
                _entries.Add(new GrpcMetadataEntry(key, null, GrpcWireText.FromBase64(key, part.Trim())));
            }
        }
    }

    private GrpcMetadataEntry Find(string key)
    {
        for (var i = _entries.Count - 1; i >= 0; i--)
        {
            if (_entries[i].Key == key)
            {
                return _entries[i];
            }
        }

        return default;
    }

    private static bool IsReserved(string key) =>
        key.Length == 0 || key[0] == ':' || key.StartsWith("grpc-", StringComparison.Ordinal)
        || key is "content-type" or "content-length" or "te" or "host";

    private static void RequireKey(string key, bool binary)
    {
        var valid = key.Length > 0 && !IsReserved(key) && key.EndsWith("-bin", StringComparison.Ordinal) == binary;
        foreach (var c in key)
        {
            valid &= char.IsAsciiDigit(c) || char.IsAsciiLetterLower(c) || c is '_' or '-' or '.';
        }

        if (!valid)
        {
            throw new ArgumentException(
                $"'{key}' is no key for {(binary ? "binary" : "text")} metadata: use 0-9 a-z _ . - in lower case"
                + $"{(binary ? ", ending in" : ", not ending in")} -bin, and none of gRPC's own names.");
        }
    }
}

/// <summary>One pair of metadata; exactly one of text and bytes is set.</summary>
/// <param name="Key">The key in lower case.</param>
/// <param name="Text">The text of an ordinary key.</param>
/// <param name="Bytes">The bytes of a key that ends in <c>-bin</c>.</param>
public readonly record struct GrpcMetadataEntry(string Key, string? Text, byte[]? Bytes);
