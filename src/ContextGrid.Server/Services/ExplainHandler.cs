using ContextGrid.Contracts.V1;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Features;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Server.Grpc;
using FeatureStatus = ContextGrid.Contracts.V1.FeatureStatus;
using FeatureText = ContextGrid.Core.Definitions.FeatureText;

namespace ContextGrid.Server.Services;

/// <summary>ContextService.Explain: why a value is what it is. Thread-safe.</summary>
/// <param name="requests">Checks requests.</param>
/// <param name="contexts">Reads context.</param>
internal sealed class ExplainHandler(ContextRequests requests, ContextHandlers contexts)
{
    internal async ValueTask<ExplainResponse> ExplainAsync(ExplainRequest request, CancellationToken cancellationToken)
    {
        ContextRequests.Require(request.Entity is not null, "entity", "name the entity");
        EntityPlan plan = requests.PlanOf(request.Entity!.Type, 0); // Required just before.
        int feature = plan.FeatureOf(request.Feature);
        if (feature < 0)
        {
            string message = $"entity type '{plan.Definition.Name}' has no feature '{request.Feature}'"
                + NearestName.Suggest(request.Feature, plan.Features.Select(f => f.Definition.Name));
            throw new GrpcException(
                GrpcStatus.InvalidArgument,
                Sentence.End($"feature: {message}"),
                GrpcErrorDetails.BadRequest(("feature", message)));
        }

        return await ExplainAsync(plan, feature, request, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<ExplainResponse> ExplainAsync(
        EntityPlan plan, int feature, ExplainRequest request, CancellationToken cancellationToken)
    {
        FeaturePlan explained = plan.Features[feature];
        var aggregate = explained.Definition as AggregateFeature;
        (GetContextResponse context, (long StartMs, long EndMs, long Events) window) = await contexts.ExplainAsync(
            ContextRequest(request, explained.Definition.Name), aggregate is null ? -1 : feature, cancellationToken)
            .ConfigureAwait(false);
        var response = new ExplainResponse
        {
            Definition = $"{explained.Definition.Name}: "
                + FeatureText.Print(plan.Definitions, plan.Definition, explained.Definition),
            Context = context,
        };
        if (aggregate is not null)
        {
            response.Events = window.Events;
            response.WindowEndMs = window.EndMs;
            if (window.StartMs != long.MinValue)
            {
                response.WindowStartMs = window.StartMs;
            }

            AddTiles(response, aggregate.Window);
        }

        foreach (int input in explained.Inputs)
        {
            response.Inputs.Add(await ExplainAsync(plan, input, request, cancellationToken).ConfigureAwait(false));
        }

        response.Notes.Add(StatusNote(response.Context.Entities[0], plan));
        if (aggregate is not null && response.Context.Entities[0].Notes is [var notes, ..] && (notes & 1) != 0)
        {
            response.Notes.Add($"The value is approximate: {string.Join("; ", ApproximationText.Of(aggregate))}.");
        }

        return response;
    }

    private static void AddTiles(ExplainResponse response, WindowDefinition window)
    {
        response.TileMs = window.TileMs;
        if (window is { Kind: WindowKind.Sliding, Exact: false })
        {
            response.Notes.Add(
                $"The window's tail snaps to tiles of {window.TileMs} ms: "
                + "it starts at or up to one tile before the nominal start.");
        }
    }

    private static GetContextRequest ContextRequest(ExplainRequest request, string feature)
    {
        var context = new GetContextRequest();
        context.Entities.Add(request.Entity);
        context.Features.Add(feature);
        switch (request.HeadCase)
        {
            case ExplainRequest.HeadOneofCase.AsOf:
                context.AsOf = request.AsOf;
                break;
            case ExplainRequest.HeadOneofCase.Newest:
                context.Newest = request.Newest;
                break;
        }

        return context;
    }

    private static string StatusNote(EntityContext entity, EntityPlan plan) => entity.Statuses[0] switch
    {
        FeatureStatus.Present => "PRESENT: at least one event is in the window.",
        FeatureStatus.Null => "NULL: events are in the window, and none of them gives a value.",
        FeatureStatus.NeverSeen when !entity.HasNewestEventMs =>
            "NEVER_SEEN: no event of this entity was ever applied. Check the key's spelling.",
        FeatureStatus.NeverSeen => "NEVER_SEEN: the entity has events, but none that this feature counts.",
        FeatureStatus.Expired when plan.Definition.TtlMs > 0
            && entity.HeadMs - entity.NewestEventMs > plan.Definition.TtlMs =>
            "EXPIRED: the entity's newest event is older than its ttl.",
        FeatureStatus.Expired => "EXPIRED: events were seen, but none is in the window at this head.",
        _ => entity.Statuses[0].ToString(),
    };
}
