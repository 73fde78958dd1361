using System.Globalization;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>Collects what a schema refers to, directly or not, each before those that refer to it.</summary>
internal sealed class ReferenceWalk(RegistryRequests requests)
{
    /// <summary>References of one schema: far more than one has, few enough to fetch.</summary>
    internal const int ReferencesMax = 256;

    private const int DepthMax = 32;

    private readonly List<RegistryReference> _found = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    internal IReadOnlyList<RegistryReference> Found => _found;

    /// <summary>Visits the references of an answer.</summary>
    /// <exception cref="SchemaUnavailableException">The registry gives no answer at present.</exception>
    /// <exception cref="SchemaRefusedException">The registry does not have one, or there are too many.</exception>
    internal async Task VisitAsync(RegistryAnswer answer, int depth, CancellationToken cancellationToken)
    {
        foreach (RegistryReferenceAnswer reference in answer.References ?? [])
        {
            if (!_seen.Add(reference.Name))
            {
                continue;
            }

            if (_seen.Count > ReferencesMax || depth == DepthMax)
            {
                throw new SchemaRefusedException(
                    $"the writer's schema has more than {ReferencesMax} references, or more than {DepthMax} of them in "
                    + "a row");
            }

            string version = reference.Version.ToString(CultureInfo.InvariantCulture);
            RegistryAnswer? found = await requests.AskAsync(
                $"subjects/{Uri.EscapeDataString(reference.Subject)}/versions/{version}?deleted=true",
                cancellationToken).ConfigureAwait(false)
                ?? throw new SchemaRefusedException(
                    $"the writer's schema refers to version {version} of '{reference.Subject}', which the schema "
                    + "registry does not have");
            await VisitAsync(found, depth + 1, cancellationToken).ConfigureAwait(false);
            _found.Add(new RegistryReference(reference.Name, found.Schema));
        }
    }
}
