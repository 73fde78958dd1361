using System.Text;

namespace ContextGrid.Orleans.Ingestion;

/// <summary>
/// An entity does not have what was brought to it: the silo that had it in memory is gone. The events since the last
/// commit come again.
/// </summary>
internal sealed class StateLostException(byte[] name)
    : Exception($"{Encoding.UTF8.GetString(name)} has lost events that were not durable.");
