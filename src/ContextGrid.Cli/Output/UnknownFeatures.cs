using ContextGrid.Client;
using ContextGrid.Contracts.V1;
using ContextGrid.Core.Expressions;
using ContextGrid.Core.Model;

namespace ContextGrid.Cli.Output;

/// <summary>Features that were asked for and do not exist: the answer names them, the definitions know what was meant.
/// </summary>
internal static class UnknownFeatures
{
    /// <summary>Tells each on stderr.</summary>
    /// <returns>Whether there is any.</returns>
    internal static async Task<bool> TellAsync(
        CliConsole console, ContextGridClient client, ContextResult answer, CancellationToken cancellation)
    {
        var unknown = answer.Entities.SelectMany(
            e => e.Where(f => f.Status == FeatureStatus.UnknownFeature).Select(f => (e.Id.Type, f.Name))).ToArray();
        if (unknown.Length == 0)
            return false;
        var definitions = await client.GetDefinitionsAsync(cancellation);
        foreach (var (type, name) in unknown)
        {
            var known = definitions.Entities.Where(d => d.Type == type.Split('@')[0])
                .SelectMany(d => d.Features.Select(f => f.Name));
            var meant = NearestName.Suggest(name, known);
            console.Error.WriteLine(
                "error: " + Sentence.End($"{type} has no feature '{Units.Printable(name)}'{meant}"));
        }

        return true;
    }
}
