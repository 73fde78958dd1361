using System.Text.Json;
using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Grpc;

namespace ContextGrid.Cli.Tests;

public sealed class BackupCommandTests : IAsyncLifetime
{
    private const string Method = "/contextgrid.v1.AdminService/Backup";

    // Set by InitializeAsync before any test runs.
    private FakeGrpcServer _server = null!;
    private BackupRequest? _seen;

    public async ValueTask InitializeAsync() => _server = await FakeGrpcServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Backup_ForPeople_SaysWhatThereIsAndHowToRestore()
    {
        Answer();

        var run = await CliRun.AtAsync(_server, "backup", "/backups/b1", "--rate", "7");

        Assert.Equal(("", 0), (run.Error, run.ExitCode));
        Assert.Equal(("/backups/b1", 7_000_000), (_seen?.To, _seen?.BytesPerSecondMax));
        foreach (var part in new[] { "/backups/b1: 2 KB in 5 files, checkpoint 17; 1.5 s", "payments", "41", "--data" })
            Assert.Contains(part, run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backup_Json_IsOneObject()
    {
        Answer();

        var run = await CliRun.AtAsync(_server, "backup", "/backups/b1", "--json");

        using var json = JsonDocument.Parse(Assert.Single(run.OutLines));
        Assert.Equal("2048", json.RootElement.GetProperty("bytes").GetString());
        Assert.Equal("42", json.RootElement.GetProperty("partitions")[0].GetProperty("end_offset").GetString());
        Assert.Equal(100_000_000, _seen?.BytesPerSecondMax);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(10)]
    public async Task Backup_Refused_ShowsTheServersWordsAlone(int status)
    {
        _server.On(Method, call =>
        {
            call.Fail(status, "It can't be. Do this.");
            return Task.CompletedTask;
        });

        var run = await CliRun.AtAsync(_server, "backup", "/backups/b1");

        Assert.Equal(("error: It can't be. Do this.\n", 1), (run.Error, run.ExitCode));
        Assert.Empty(run.Out);
    }

    [Fact]
    public async Task Backup_ServerEndsAmidst_IsNoSuccess()
    {
        _server.On(Method, call => call.WriteAsync(new BackupResponse { BytesDone = 1, BytesTotal = 2 }));

        var run = await CliRun.AtAsync(_server, "backup", "/backups/b1");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("without a word", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("backup")]
    [InlineData("backup", "/b", "--rate", "0")]
    public async Task Backup_WrongUse_IsExitCode2(params string[] args) =>
        Assert.Equal(2, (await CliRun.RunAsync(args, null)).ExitCode);

    private void Answer() => _server.On(Method, async call =>
    {
        _seen = await call.ReadAsync(BackupRequest.Parser);
        await call.WriteAsync(new BackupResponse { BytesDone = 1024, BytesTotal = 2048 });
        await call.WriteAsync(new BackupResponse
        {
            BytesDone = 2048,
            BytesTotal = 2048,
            Summary = new BackupSummary
            {
                Directory = "/backups/b1",
                CheckpointGeneration = 17,
                Files = 5,
                Bytes = 2048,
                DurationMs = 1500,
                Partitions = { new BackupPartition { Topic = "payments", Partition = 1, EndOffset = 42 } },
            },
        });
    });
}
