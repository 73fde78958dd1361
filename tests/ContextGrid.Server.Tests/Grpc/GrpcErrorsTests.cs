using ContextGrid.Contracts.Rpc;
using ContextGrid.Integration.Tests.Grpc;
using ContextGrid.Runtime.Backups;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Runtime.Ingestion;
using ContextGrid.Server.Grpc;
using ContextGrid.Tests.Interop;
using Google.Protobuf;

namespace ContextGrid.Server.Tests.Grpc;

/// <summary>How the exceptions of handlers reach the caller.</summary>
public sealed class GrpcErrorsTests
{
    [Theory]
    [InlineData(EventLogError.UnknownPartition, "5", false)]
    [InlineData(EventLogError.RecordTooLarge, "3", false)]
    [InlineData(EventLogError.Full, "8", true)]
    [InlineData(EventLogError.Busy, "8", true)]
    [InlineData(EventLogError.Corrupt, "15", false)]
    [InlineData(EventLogError.Unavailable, "14", true)]
    public async Task Handler_ThrowsLogError_IsMapped(EventLogError error, string status, bool hasRetry)
    {
        var answer = await ThrowAsync(new EventLogException(error, "the log says so"));
        Assert.Equal(status, answer.Status);
        Assert.Equal("the log says so", answer.Message);
        Assert.Equal(hasRetry, answer.Headers.ContainsKey("grpc-status-details-bin"));
    }

    [Fact]
    public async Task Handler_ReplaysCantBeAsked_IsUnavailableInOneLine()
    {
        var answer = await ThrowAsync(new ReplaysUnavailableException("no answer"));
        Assert.Equal(("14", "The replays can't be asked now: no answer"), (answer.Status, answer.Message));
        Assert.True(answer.Headers.ContainsKey("grpc-status-details-bin"));
    }

    [Theory]
    [InlineData(BackupError.Invalid, "3")]
    [InlineData(BackupError.Exists, "6")]
    [InlineData(BackupError.Busy, "10")]
    [InlineData(BackupError.Full, "8")]
    [InlineData(BackupError.Denied, "7")]
    [InlineData(BackupError.Failed, "13")]
    public async Task Handler_ThrowsBackupError_IsMappedWithItsWords(BackupError error, string status)
    {
        var answer = await ThrowAsync(new BackupException(error, "no backup; do this"));
        Assert.Equal((status, "no backup; do this"), (answer.Status, answer.Message));
    }

    [Fact]
    public async Task Handler_ThrowsUnexpected_TellsNothingOfIt()
    {
        var answer = await ThrowAsync(new InvalidOperationException("secret"));
        Assert.Equal("13", answer.Status);
        Assert.DoesNotContain("secret", answer.Message);
    }

    [Fact]
    public async Task Handler_ThrowsDetails_TheyArriveAsRpcStatus()
    {
        var answer = await ThrowAsync(new GrpcException(
            GrpcStatus.InvalidArgument,
            "wrong",
            GrpcErrorDetails.BadRequest(("a.b", "not so")),
            GrpcErrorDetails.ErrorInfo("REASON", ("name", "value")),
            GrpcErrorDetails.RetryInfo(TimeSpan.FromSeconds(1.5))));
        var status = Status.Parser.ParseFrom(
            GrpcWireText.FromBase64("details", answer.Headers["grpc-status-details-bin"]));
        Assert.Equal((3, "wrong"), (status.Code, status.Message));
        Assert.Equal("a.b", status.Details[0].Unpack<BadRequest>().FieldViolations[0].Field);
        var info = status.Details[1].Unpack<ErrorInfo>();
        Assert.Equal(("REASON", "contextgrid", "value"), (info.Reason, info.Domain, info.Metadata["name"]));
        Assert.Equal(1.5, status.Details[2].Unpack<RetryInfo>().RetryDelay.ToTimeSpan().TotalSeconds);
    }

    [Theory]
    [InlineData('x')]
    [InlineData('☺')]
    public async Task Handler_ThrowsVeryLongMessage_FitsIntoHeaders(char c)
    {
        var answer = await ThrowAsync(new GrpcException(GrpcStatus.Aborted, new string(c, 100_000)));
        Assert.Equal("10", answer.Status);
        Assert.InRange(answer.Headers["grpc-message"].Length, 1000, 4000);
        Assert.EndsWith("...", answer.Message);
    }

    [Fact]
    public async Task Handler_ThrowsVeryLongDetails_SaysThatTheyAreMissing()
    {
        var details = GrpcErrorDetails.ErrorInfo("R", ("text", new string('x', 100_000)));
        var answer = await ThrowAsync(new GrpcException(GrpcStatus.Aborted, "short", details));
        Assert.StartsWith("short", answer.Message);
        Assert.Contains("too long", answer.Message);
        Assert.False(answer.Headers.ContainsKey("grpc-status-details-bin"));
    }

    [Fact]
    public void GrpcException_WithOk_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new GrpcException(GrpcStatus.Ok, "fine"));

    private static async Task<GrpcProbeAnswer> ThrowAsync(Exception exception)
    {
        var service = new GrpcService(TestReflection.Descriptor.Services[0])
            .Unary<Empty, Empty>("EmptyCall", Empty.Parser, (_, _) => throw exception);
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), service);
        using var probe = new GrpcProbe(host.Target);
        return await probe.CallAsync("/grpc.testing.TestService/EmptyCall", GrpcProbe.Frame(new Empty()));
    }
}
