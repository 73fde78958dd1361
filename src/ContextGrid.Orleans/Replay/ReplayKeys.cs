using System.Text;
using ContextGrid.Core.Features.Plans;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Embedded.Log;
using ContextGrid.Runtime.Hosting;

namespace ContextGrid.Orleans.Replay;

/// <summary>Which keys a request names, and whether it names them well. Thread-safe.</summary>
internal sealed class ReplayKeys
{
    private readonly byte[]? _key;
    private readonly byte[] _from;
    private readonly byte[]? _to;

    internal ReplayKeys(ReplayRequest request) =>
        (_key, _from, _to) = (Utf8(request.Key), Utf8(request.From) ?? [], Utf8(request.To));

    /// <summary>Whether an entity is one of those that are wanted.</summary>
    internal bool Includes(ReadOnlySpan<byte> key) => _key is not null
        ? key.SequenceEqual(_key)
        : key.SequenceCompareTo(_from) >= 0 && (_to is null || key.SequenceCompareTo(_to) < 0);

    /// <summary>What is wrong with a request; null: nothing.</summary>
    internal static ReplayReply? Check(string id, ReplayRequest request, GridContext grid)
    {
        string? wrong = NameFault("The replay's id", id) ?? NameFault("The shadow version", request.Version)
            ?? KeyFault(request);
        if (wrong is not null)
        {
            return new ReplayReply(ReplayOutcome.Invalid, wrong);
        }

        EntityPlan? plan = grid.Plans.FirstOrDefault(p => p.Definition.Name == request.Type);
        if (plan is not null && request.Key is { } key && IntegerKey.IsOf(plan.Definitions, plan.Definition)
            && !IntegerKey.IsCanonical(Encoding.UTF8.GetBytes(key)))
        {
            return new ReplayReply(ReplayOutcome.Invalid, Sentence.End(IntegerKey.Fault(key, request.Type)));
        }

        return grid.WorkOf(request.Type) is not null ? null : new ReplayReply(
            ReplayOutcome.NotFound,
            $"There is no entity type '{request.Type}'; the definitions have "
            + $"{string.Join(", ", grid.Plans.Select(p => $"'{p.Definition.Name}'"))}.");
    }

    private static byte[]? Utf8(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);

    private static string? NameFault(string what, string name) =>
        name.Length <= ReplayRequest.NameCharsMax && TopicName.Check(name) is null
            ? null
            : $"{what} '{name}' is not 1 to {ReplayRequest.NameCharsMax} of a-z, A-Z, 0-9, '.', '_', '-'.";

    private static string? KeyFault(ReplayRequest request)
    {
        if (request.Key is { } key)
        {
            return request.From is not null || request.To is not null
                ? "A replay is of one key, or of a range of keys, not of both."
                : Encoding.UTF8.GetByteCount(key) is 0 or > EntityKey.BytesMax
                    ? $"A key has 1 to {EntityKey.BytesMax} bytes." : null;
        }

        var keys = new ReplayKeys(request);
        return keys._to is { } to && keys._from.AsSpan().SequenceCompareTo(to) >= 0
            ? $"There is no key from '{request.From}' to before '{request.To}'." : null;
    }
}
