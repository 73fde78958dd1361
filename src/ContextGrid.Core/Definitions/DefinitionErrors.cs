using System.Collections.Immutable;
using ContextGrid.Core.Expressions;

namespace ContextGrid.Core.Definitions;

/// <summary>Collects what is wrong in definition files.</summary>
public sealed class DefinitionErrors
{
    // A reader of a thousand messages mends the first ones and runs again.
    private const int ErrorsMax = 1_000;

    private readonly List<DefinitionError> _errors = [];

    /// <summary>Whether anything is wrong.</summary>
    public bool Any => _errors.Count > 0;

    /// <summary>Everything that is wrong, in the order of file, line and column.</summary>
    public ImmutableArray<DefinitionError> Sorted() =>
    [
        .. _errors.OrderBy(e => e.File, StringComparer.Ordinal).ThenBy(e => e.Line).ThenBy(e => e.Column),
    ];

    /// <summary>Records an error.</summary>
    public void Add(DefinitionPlace place, string message)
    {
        if (_errors.Count < ErrorsMax)
        {
            _errors.Add(new DefinitionError(place.File, place.Line, place.Column, message));
        }
    }

    /// <summary>Records the errors of a line of the feature language.</summary>
    internal void AddAll(DefinitionScalar line, LanguageErrors errors)
    {
        foreach (LanguageError error in errors.All)
        {
            Add(line.At(error.Offset), error.Message);
        }
    }
}
