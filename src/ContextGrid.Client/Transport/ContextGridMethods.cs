using ContextGrid.Contracts.V1;

namespace ContextGrid.Client.Transport;

/// <summary>The methods of package contextgrid.v1.</summary>
internal static class ContextGridMethods
{
    public static readonly GrpcMethod<GetContextRequest, GetContextResponse> GetContext =
        new("/contextgrid.v1.ContextService/GetContext", GetContextResponse.Parser, true);

    public static readonly GrpcMethod<WatchContextRequest, WatchContextResponse> WatchContext =
        new("/contextgrid.v1.ContextService/WatchContext", WatchContextResponse.Parser, true);

    public static readonly GrpcMethod<ExplainRequest, ExplainResponse> Explain =
        new("/contextgrid.v1.ContextService/Explain", ExplainResponse.Parser, true);

    public static readonly GrpcMethod<PublishRequest, PublishResponse> Publish =
        new("/contextgrid.v1.IngestService/Publish", PublishResponse.Parser, false);

    public static readonly GrpcMethod<PublishRequest, PublishResponse> PublishStream =
        new("/contextgrid.v1.IngestService/PublishStream", PublishResponse.Parser, false);

    public static readonly GrpcMethod<GetStatusRequest, GetStatusResponse> GetStatus =
        new("/contextgrid.v1.AdminService/GetStatus", GetStatusResponse.Parser, true);

    public static readonly GrpcMethod<GetDefinitionsRequest, GetDefinitionsResponse> GetDefinitions =
        new("/contextgrid.v1.AdminService/GetDefinitions", GetDefinitionsResponse.Parser, true);

    public static readonly GrpcMethod<ListDeadLettersRequest, ListDeadLettersResponse> ListDeadLetters =
        new("/contextgrid.v1.AdminService/ListDeadLetters", ListDeadLettersResponse.Parser, true);

    public static readonly GrpcMethod<GetDeadLetterRequest, DeadLetter> GetDeadLetter =
        new("/contextgrid.v1.AdminService/GetDeadLetter", DeadLetter.Parser, true);

    public static readonly GrpcMethod<RetryDeadLettersRequest, RetryDeadLettersResponse> RetryDeadLetters =
        new("/contextgrid.v1.AdminService/RetryDeadLetters", RetryDeadLettersResponse.Parser, false);

    public static readonly GrpcMethod<DiscardDeadLettersRequest, DiscardDeadLettersResponse> DiscardDeadLetters =
        new("/contextgrid.v1.AdminService/DiscardDeadLetters", DiscardDeadLettersResponse.Parser, false);

    public static readonly GrpcMethod<BackupRequest, BackupResponse> Backup =
        new("/contextgrid.v1.AdminService/Backup", BackupResponse.Parser, false);

    public static readonly GrpcMethod<StartReplayRequest, Replay> StartReplay =
        new("/contextgrid.v1.AdminService/StartReplay", Replay.Parser, true);

    public static readonly GrpcMethod<GetReplayRequest, Replay> GetReplay =
        new("/contextgrid.v1.AdminService/GetReplay", Replay.Parser, true);

    public static readonly GrpcMethod<ListReplaysRequest, ListReplaysResponse> ListReplays =
        new("/contextgrid.v1.AdminService/ListReplays", ListReplaysResponse.Parser, true);

    public static readonly GrpcMethod<CancelReplayRequest, Replay> CancelReplay =
        new("/contextgrid.v1.AdminService/CancelReplay", Replay.Parser, true);

    public static readonly GrpcMethod<RemoveReplayRequest, RemoveReplayResponse> RemoveReplay =
        new("/contextgrid.v1.AdminService/RemoveReplay", RemoveReplayResponse.Parser, false);
}
