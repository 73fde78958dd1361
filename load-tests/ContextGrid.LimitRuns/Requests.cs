using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using ContextGrid.Contracts.V1;
using Google.Protobuf;

namespace ContextGrid.LimitRuns;

/// <summary>gRPC requests as framed bytes.</summary>
internal static class Requests
{
    internal const string GetContext = "/contextgrid.v1.ContextService/GetContext";
    internal const string WatchContext = "/contextgrid.v1.ContextService/WatchContext";
    internal const string Publish = "/contextgrid.v1.IngestService/Publish";

    internal static byte[] Ask(string user)
    {
        var request = new GetContextRequest();
        request.Entities.Add(new EntityRef { Type = "user", Key = user });
        return Frame(request);
    }

    internal static byte[] Watch(IEnumerable<string> users)
    {
        var request = new WatchContextRequest();
        request.Entities.AddRange(users.Select(u => new EntityRef { Type = "user", Key = u }));
        return Frame(request);
    }

    /// <summary>A batch of events.</summary>
    /// <param name="events">User and category of each.</param>
    /// <param name="padding">Bytes that no feature reads, in each.</param>
    internal static byte[] Batch(IEnumerable<(string User, string Category)> events, int padding = 0)
    {
        var request = new PublishRequest { Topic = "notes" };
        string rest = padding == 0 ? "" : $",\"padding\":\"{new string('x', padding)}\"";
        int amount = 0;
        foreach ((string user, string category) in events)
        {
            string text = string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"user":"{{user}}","category":"{{category}}","amount":{{amount++ % 100}}{{rest}}}""");
            request.Events.Add(new PublishEvent { Payload = ByteString.CopyFrom(text, Encoding.UTF8) });
        }

        return Frame(request);
    }

    private static byte[] Frame(IMessage message)
    {
        var frame = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - 5);
        message.WriteTo(frame.AsSpan(5));
        return frame;
    }
}
