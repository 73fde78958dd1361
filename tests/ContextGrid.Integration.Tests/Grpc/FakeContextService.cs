using ContextGrid.Contracts.V1;
using ContextGrid.Server.Grpc;
using Google.Protobuf;

namespace ContextGrid.Integration.Tests.Grpc;

/// <summary>ContextService and IngestService with made-up answers, for tests of the wire.</summary>
public static class FakeContextService
{
    public static IReadOnlyList<GrpcService> Create() =>
    [
        new GrpcService(ContextReflection.Descriptor.Services[0])
            .Unary<GetContextRequest, GetContextResponse>("GetContext", GetContextRequest.Parser, GetContextAsync)
            .ServerStreaming<WatchContextRequest, WatchContextResponse>(
                "WatchContext", WatchContextRequest.Parser, WatchContextAsync),
        new GrpcService(IngestReflection.Descriptor.Services[0])
            .Duplex<PublishRequest, PublishResponse>("PublishStream", PublishRequest.Parser, PublishStreamAsync),
    ];

    private static async ValueTask<GetContextResponse> GetContextAsync(GetContextRequest request, GrpcCallContext call)
    {
        var response = new GetContextResponse
        {
            Types_ = { new TypeHeader { Type = "user", DefinitionVersion = 1, Features = { request.Features } } },
        };
        for (var i = 0; i < request.Entities.Count; i++)
        {
            var entity = request.Entities[i];
            if (entity.Type != "user")
            {
                throw new GrpcException(
                    GrpcStatus.InvalidArgument,
                    $"entities[{i}]: there is no entity type '{entity.Type}' – 'user' is near.",
                    GrpcErrorDetails.BadRequest(($"entities[{i}].type", "unknown")),
                    GrpcErrorDetails.ErrorInfo("UNKNOWN_ENTITY_TYPE", ("type", entity.Type)));
            }

            if (entity.Key == "slow")
            {
                await Task.Delay(Timeout.Infinite, call.CancellationToken);
            }

            response.Entities.Add(Answer(entity.Key, request.Features.Count));
        }

        return response;
    }

    private static async ValueTask WatchContextAsync(
        WatchContextRequest request, GrpcResponseWriter<WatchContextResponse> responses, GrpcCallContext call)
    {
        for (var i = 0L; ; i++)
        {
            await responses.WriteAsync(new WatchContextResponse { ResumeToken = ByteString.CopyFromUtf8($"{i}") });
        }
    }

    private static async ValueTask PublishStreamAsync(
        GrpcRequestReader<PublishRequest> requests, GrpcResponseWriter<PublishResponse> responses, GrpcCallContext call)
    {
        while (await requests.ReadAsync() is { } request)
        {
            await responses.WriteAsync(new PublishResponse { Accepted = request.Events.Count });
        }
    }

    private static EntityContext Answer(string key, int features)
    {
        var entity = new EntityContext { Key = key };
        for (var i = 0; i < features; i++)
        {
            entity.Values.Add(new Value { Int64Value = i + key.Length });
            entity.Statuses.Add(FeatureStatus.Present);
        }

        return entity;
    }
}
