namespace ContextGrid.Runtime.Demo;

/// <summary>Some events of simulated traffic, in one reused buffer.</summary>
internal sealed class DemoBatch(TrafficShape shape, int eventsPerLogin)
{
    private readonly PaymentGenerator _payments = new(shape);
    private readonly LoginGenerator _logins = new(shape);
    private byte[] _buffer = [];

    /// <summary>Payloads of payments.</summary>
    internal List<ReadOnlyMemory<byte>> Payments { get; } = [];

    /// <summary>Payloads of logins.</summary>
    internal List<ReadOnlyMemory<byte>> Logins { get; } = [];

    /// <summary>Writes events; every so many is a login. What was there before is overwritten.</summary>
    internal void Fill(long firstIndex, int count)
    {
        Payments.Clear();
        Logins.Clear();
        int room = count * TrafficShape.EventBytesMax;
        _buffer = _buffer.Length >= room ? _buffer : new byte[room];
        int used = 0;
        for (long index = firstIndex; index < firstIndex + count; index++)
        {
            bool isLogin = index % eventsPerLogin == eventsPerLogin - 1;
            Span<byte> target = _buffer.AsSpan(used);
            int length = isLogin ? _logins.Write(index, target) : _payments.Write(index, target);
            (isLogin ? Logins : Payments).Add(_buffer.AsMemory(used, length));
            used += length;
        }
    }
}
