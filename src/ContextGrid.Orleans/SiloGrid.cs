using ContextGrid.Runtime.Embedded;

namespace ContextGrid.Orleans;

/// <summary>The shards of this silo, once it has started. Thread-safe.</summary>
internal sealed class SiloGrid
{
    private volatile EmbeddedHost? _host;

    /// <summary>The host of the shards; null: the silo starts.</summary>
    internal EmbeddedHost? Host
    {
        get => _host;
        set => _host = value;
    }
}
