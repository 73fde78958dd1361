using System.Globalization;
using ContextGrid.Contracts.V1;
using ContextGrid.Runtime.Hosting;
using ContextGrid.Server.Grpc;

namespace ContextGrid.Server.Services;

/// <summary>AdminService's replays: starts, shows, cancels and removes them. Thread-safe.</summary>
/// <param name="replays">Deals with them; null: the server is not a silo of a cluster.</param>
internal sealed class ReplayHandlers(IGridReplays? replays)
{
    private static readonly string VersionDefault =
        (ContextWire.DefinitionVersion + 1).ToString(CultureInfo.InvariantCulture);

    private IGridReplays Replays => replays ?? throw new GrpcException(
        GrpcStatus.FailedPrecondition,
        "Replays need a cluster: start the server with --cluster, which works with one silo too.",
        GrpcErrorDetails.ErrorInfo("NO_CLUSTER"));

    internal async ValueTask<Replay> StartAsync(StartReplayRequest request, CancellationToken cancellationToken)
    {
        string version = request.Version.Length > 0 ? request.Version : VersionDefault;
        string id = request.Id.Length > 0 ? request.Id : $"{request.Type}-{version}";
        var wanted = new ReplayRequest(
            request.Type,
            version,
            request.HasKey ? request.Key : null,
            request.HasFromKey ? request.FromKey : null,
            request.HasToKey ? request.ToKey : null);
        RequireDone(await Replays.StartAsync(Checked(id), wanted, cancellationToken).ConfigureAwait(false));
        return await StatusAsync(id, cancellationToken).ConfigureAwait(false);
    }

    internal ValueTask<Replay> GetAsync(GetReplayRequest request, CancellationToken cancellationToken) =>
        StatusAsync(Checked(request.Id), cancellationToken);

    internal async ValueTask<ListReplaysResponse> ListAsync(CancellationToken cancellationToken)
    {
        var response = new ListReplaysResponse();
        response.Replays.AddRange(
            (await Replays.ListAsync(cancellationToken).ConfigureAwait(false)).Select(ReplayWire.Replay));
        return response;
    }

    internal async ValueTask<Replay> CancelAsync(CancelReplayRequest request, CancellationToken cancellationToken)
    {
        RequireDone(await Replays.CancelAsync(Checked(request.Id), cancellationToken).ConfigureAwait(false));
        return await StatusAsync(request.Id, cancellationToken).ConfigureAwait(false);
    }

    internal async ValueTask<RemoveReplayResponse> RemoveAsync(
        RemoveReplayRequest request, CancellationToken cancellationToken)
    {
        RequireDone(await Replays.RemoveAsync(Checked(request.Id), cancellationToken).ConfigureAwait(false));
        return new RemoveReplayResponse();
    }

    private static string Checked(string id)
    {
        ContextRequests.Require(
            id.Length is > 0 and <= ReplayRequest.NameCharsMax,
            "id",
            $"it must have 1 to {ReplayRequest.NameCharsMax} characters");
        return id;
    }

    private static void RequireDone(ReplayReply reply)
    {
        if (reply.Outcome != ReplayOutcome.Done)
        {
            throw Refusal(reply);
        }
    }

    private static GrpcException Refusal(ReplayReply reply)
    {
        (GrpcStatus status, string reason) = reply.Outcome switch
        {
            ReplayOutcome.Invalid => (GrpcStatus.InvalidArgument, "REPLAY_INVALID"),
            ReplayOutcome.NotFound => (GrpcStatus.NotFound, "REPLAY_NOT_FOUND"),
            ReplayOutcome.Taken => (GrpcStatus.AlreadyExists, "REPLAY_TAKEN"),
            ReplayOutcome.WrongPhase => (GrpcStatus.FailedPrecondition, "REPLAY_RUNS"),
            _ => (GrpcStatus.ResourceExhausted, "REPLAYS_TOO_MANY"),
        };
        return new GrpcException(status, reply.Message, GrpcErrorDetails.ErrorInfo(reason));
    }

    private async ValueTask<Replay> StatusAsync(string id, CancellationToken cancellationToken) =>
        await Replays.StatusAsync(id, cancellationToken).ConfigureAwait(false) is { } status
            ? ReplayWire.Replay(status)
            : throw Refusal(new ReplayReply(ReplayOutcome.NotFound, $"There is no replay '{id}'."));
}
