using System.CommandLine;

namespace ContextGrid.Server.Limits;

/// <summary>The options of the command line for what clients may use at a time.</summary>
internal sealed class LimitArguments
{
    private const int MiB = 1 << 20;

    private static readonly ServerLimits Defaults = new();

    private readonly Option<int> _connections = ServerOptions.Number(
        "--connections-max", Defaults.ConnectionsMax, 10, 1_000_000, "Connections of gRPC; HTTP: a tenth");

    private readonly Option<int> _calls = ServerOptions.Number(
        "--calls-max", Defaults.CallsMax, 10, 1_000_000, "gRPC calls with one answer at a time");

    private readonly Option<int> _streams = ServerOptions.Number(
        "--streams-max", Defaults.StreamsMax, 1, 1_000_000, "gRPC calls with a stream at a time");

    private readonly Option<int> _watches = ServerOptions.Number(
        "--watches-max", Defaults.WatchesMax, 1, 1_000_000, "Watches at a time, over both ports");

    private readonly Option<int> _watched = ServerOptions.Number(
        "--watched-entities-max", Defaults.WatchedEntitiesMax, 1, 10_000_000, "Entities of all watches together");

    private readonly Option<int> _requests = ServerOptions.Number(
        "--request-mib-max",
        (int)(Defaults.RequestBytesMax / MiB),
        16,
        65_536,
        "MiB of large requests that are received or wait for the disk");

    private readonly Option<int> _responses = ServerOptions.Number(
        "--response-mib-max",
        (int)(Defaults.ResponseBytesMax / MiB),
        64,
        65_536,
        "MiB of large answers that clients have not taken yet");

    /// <summary>Makes the options and adds them to a command.</summary>
    internal static LimitArguments AddTo(RootCommand root)
    {
        var all = new LimitArguments();
        foreach (Option option in (Option[])
            [all._connections, all._calls, all._streams, all._watches, all._watched, all._requests, all._responses])
        {
            root.Options.Add(option);
        }

        return all;
    }

    internal ServerLimits Read(ParseResult result) => new()
    {
        ConnectionsMax = result.GetValue(_connections),
        CallsMax = result.GetValue(_calls),
        StreamsMax = result.GetValue(_streams),
        WatchesMax = result.GetValue(_watches),
        WatchedEntitiesMax = result.GetValue(_watched),
        RequestBytesMax = (long)result.GetValue(_requests) * MiB,
        ResponseBytesMax = (long)result.GetValue(_responses) * MiB,
    };
}
