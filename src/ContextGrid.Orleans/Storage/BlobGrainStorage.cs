using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Orleans.Runtime;
using Orleans.Storage;

namespace ContextGrid.Orleans.Storage;

/// <summary>
/// Orleans' storage of a blob a grain, under names that mean one grain each. An entity's key may be anything, and in a
/// blob's name <c>..</c> leads to another blob and 1,024 characters are the most: so bytes other than letters, digits,
/// <c>-</c> and <c>_</c> are written as <c>~2E</c>, and of long keys a hash stands for what is left out.
/// </summary>
/// <param name="blobs">Orleans' storage.</param>
internal sealed class BlobGrainStorage(IGrainStorage blobs) : IGrainStorage
{
    private const int NameMax = 600;
    private const int StartMax = 200;

    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    /// <inheritdoc/>
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        blobs.ReadStateAsync(stateName, NameOf(grainId), grainState);

    /// <inheritdoc/>
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        blobs.WriteStateAsync(stateName, NameOf(grainId), grainState);

    /// <inheritdoc/>
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        blobs.ClearStateAsync(stateName, NameOf(grainId), grainState);

    /// <summary>The grain as blobs are named after it; the first slash, which ends an entity's type, stays.</summary>
    internal static GrainId NameOf(GrainId grain)
    {
        ReadOnlySpan<byte> key = grain.Key.AsSpan();
        var name = new StringBuilder();
        bool isType = true;
        foreach (byte b in key)
        {
            bool endsType = isType && b == '/';
            isType &= !endsType;
            if (endsType || Plain.Contains(b))
            {
                name.Append((char)b);
            }
            else
            {
                name.Append(CultureInfo.InvariantCulture, $"~{b:X2}");
            }
        }

        if (name.Length > NameMax)
        {
            // No key that is written out has this: a hexadecimal digit follows each tilde.
            name.Length = StartMax;
            name.Append("~-").Append(Convert.ToHexString(SHA256.HashData(key)));
        }

        return GrainId.Create(grain.Type, name.ToString());
    }
}
