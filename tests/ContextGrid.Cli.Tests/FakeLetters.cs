using ContextGrid.Contracts.V1;
using ContextGrid.TestKit.Grpc;
using Google.Protobuf;

namespace ContextGrid.Cli.Tests;

/// <summary>
/// A server with five dead letters on two pages, all of payload "bad", that takes the payload "good" and no other.
/// </summary>
internal sealed class FakeLetters
{
    public const string Admin = "/contextgrid.v1.AdminService/";

    private FakeLetters(FakeGrpcServer server) => Server = server;

    public FakeGrpcServer Server { get; }

    /// <summary>What was asked for, in order.</summary>
    public List<DeadLetterRetry> Retried { get; } = [];

    public List<ListDeadLettersRequest> Listed { get; } = [];

    public List<DiscardDeadLettersRequest> Discarded { get; } = [];

    public static async Task<FakeLetters> StartAsync()
    {
        var letters = new FakeLetters(await FakeGrpcServer.StartAsync());
        letters.Server.On(Admin + "ListDeadLetters", letters.ListAsync);
        letters.Server.On(Admin + "GetDeadLetter", GetAsync);
        letters.Server.On(Admin + "RetryDeadLetters", letters.RetryAsync);
        letters.Server.On(Admin + "DiscardDeadLetters", letters.DiscardAsync);
        return letters;
    }

    private static async Task GetAsync(FakeGrpcCall call)
    {
        var request = await call.ReadAsync(GetDeadLetterRequest.Parser);
        await call.WriteAsync(new DeadLetter
        {
            Id = request?.Id ?? 0,
            Reason = "wrong_type",
            Payload = ByteString.CopyFromUtf8("bad"),
            PayloadBytes = 3,
        });
    }

    private async Task ListAsync(FakeGrpcCall call)
    {
        var request = await call.ReadAsync(ListDeadLettersRequest.Parser) ?? new ListDeadLettersRequest();
        Listed.Add(request);
        var isFirst = !request.HasBefore;
        var response = new ListDeadLettersResponse { Total = 5, Open = 5 };
        if (isFirst)
            response.NextBefore = 3;
        foreach (var id in isFirst ? (long[])[4, 3] : [2, 1, 0])
            response.DeadLetters.Add(new DeadLetter { Id = id, State = DeadLetterState.Open });
        await call.WriteAsync(response);
    }

    private async Task RetryAsync(FakeGrpcCall call)
    {
        var request = await call.ReadAsync(RetryDeadLettersRequest.Parser) ?? new RetryDeadLettersRequest();
        Retried.AddRange(request.Letters);
        var response = new RetryDeadLettersResponse();
        response.Outcomes.AddRange(request.Letters.Select(l => Outcome(l, request.DryRun)));
        await call.WriteAsync(response);
    }

    private async Task DiscardAsync(FakeGrpcCall call)
    {
        var request = await call.ReadAsync(DiscardDeadLettersRequest.Parser) ?? new DiscardDeadLettersRequest();
        Discarded.Add(request);
        var response = new DiscardDeadLettersResponse();
        response.Outcomes.AddRange(
            request.Ids.Select(id => new DeadLetterDiscardOutcome { Id = id, Discarded = true }));
        await call.WriteAsync(response);
    }

    private static DeadLetterRetryOutcome Outcome(DeadLetterRetry letter, bool dryRun)
    {
        if (dryRun || letter.Payload == ByteString.CopyFromUtf8("good"))
        {
            return new DeadLetterRetryOutcome
            {
                Id = letter.Id,
                Result = dryRun ? DeadLetterRetryResult.RetryValid : DeadLetterRetryResult.RetryApplied,
            };
        }

        return new DeadLetterRetryOutcome
        {
            Id = letter.Id, Result = DeadLetterRetryResult.RetryRefused, Reason = "wrong_type", Message = "it is bad",
        };
    }
}
