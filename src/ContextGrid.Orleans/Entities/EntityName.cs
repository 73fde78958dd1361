using System.Text;
using ContextGrid.Core.Features.Plans;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Entities;

/// <summary>An entity's name as a grain: <c>type/id</c>.</summary>
internal static class EntityName
{
    /// <summary>Writes an entity's name.</summary>
    /// <returns>How many bytes of <paramref name="into"/> it takes.</returns>
    internal static int Write(ReadOnlySpan<byte> type, ReadOnlySpan<byte> key, Span<byte> into)
    {
        type.CopyTo(into);
        into[type.Length] = (byte)'/';
        key.CopyTo(into[(type.Length + 1)..]);
        return type.Length + 1 + key.Length;
    }

    /// <summary>The name of an entity.</summary>
    internal static byte[] Of(EntityPlan plan, ReadOnlySpan<byte> key)
    {
        byte[] type = Encoding.UTF8.GetBytes(plan.Definition.Name), name = new byte[type.Length + 1 + key.Length];
        Write(type, key, name);
        return name;
    }

    /// <summary>The type in a grain's key.</summary>
    internal static string TypeOf(IdSpan key)
    {
        ReadOnlySpan<byte> name = key.AsSpan();
        int slash = name.IndexOf((byte)'/');
        return slash < 0 ? "" : Encoding.UTF8.GetString(name[..slash]);
    }

    /// <summary>The entity's key in a grain's key that has a type.</summary>
    internal static ReadOnlySpan<byte> KeyOf(IdSpan key) => key.AsSpan()[(key.AsSpan().IndexOf((byte)'/') + 1)..];
}
