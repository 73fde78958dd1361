namespace ContextGrid.Core.Expressions;

/// <summary>
/// What is wrong with one line of the feature language. A line has at most one syntax error, because what follows one
/// is guesswork; wrong names and types are all collected.
/// </summary>
public sealed class LanguageErrors
{
    private readonly List<LanguageError> _errors = [];

    /// <summary>The errors in the order of detection.</summary>
    public IReadOnlyList<LanguageError> All => _errors;

    /// <summary>Whether the line is wrong.</summary>
    public bool Any => _errors.Count > 0;

    /// <summary>Whether the line could not be parsed to its end.</summary>
    internal bool HasSyntaxError { get; private set; }

    /// <summary>Records a syntax error; later errors of any kind are consequences and are left out.</summary>
    internal void Syntax(int offset, string message)
    {
        Meaning(offset, message);
        HasSyntaxError = true;
    }

    /// <summary>Records a wrong name, type or limit.</summary>
    internal void Meaning(int offset, string message)
    {
        if (!HasSyntaxError)
        {
            _errors.Add(new LanguageError(offset, message));
        }
    }
}

/// <summary>One error in a line of the feature language.</summary>
/// <param name="Offset">Where the offending token starts, in UTF-16 units from the start of the line.</param>
/// <param name="Message">What was found and what was meant.</param>
public readonly record struct LanguageError(int Offset, string Message);
