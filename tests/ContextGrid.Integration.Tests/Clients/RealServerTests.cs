using System.Text.Json;
using ContextGrid.Client;

namespace ContextGrid.Integration.Tests.Clients;

/// <summary>python3-grpcio and @grpc/grpc-js ask the server itself for context, from the .proto files alone.</summary>
public sealed class RealServerTests : IDisposable
{
    private readonly GridFolder _grid = new();

    public static TheoryData<string> Clients => ForeignClient.Names;

    public void Dispose() => _grid.Dispose();

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task GetContext_PublishedUserAndUnknownOne_HasValuesAndStatuses(string name)
    {
        await using ServerProcess server = await _grid.StartAsync();
        using ContextGridClient client = GridFolder.Connect(server);
        PublishResult published = await client.PublishAsync("ticks", """{"user_id": "a", "n": 5}""");
        await GridFolder.ReadAsync(client, "a", published.Positions);

        var answer = await ForeignClient.CallAsync(
            name,
            server.Grpc.Authority,
            "contextgrid.v1.ContextService/GetContext",
            """
            [{"entities": [{"type": "user", "key": "a"}, {"type": "user", "key": "nobody"}],
              "features": ["tick_sum", "ticks"]}]
            """);

        Assert.Equal(0, answer.ExitCode);
        JsonElement entities = answer.Lines[0].GetProperty("entities");
        Assert.Equal("5", entities[0].GetProperty("values")[0].GetProperty("int64_value").GetString());
        Assert.Equal(["PRESENT", "PRESENT"], Statuses(entities[0]));
        Assert.Equal(["NEVER_SEEN", "NEVER_SEEN"], Statuses(entities[1]));
    }

    private static string[] Statuses(JsonElement entity) =>
        [.. entity.GetProperty("statuses").EnumerateArray().Select(s => s.GetString() ?? "")];
}
