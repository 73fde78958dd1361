using System.Collections.Immutable;
using ContextGrid.Core.Expressions;

namespace ContextGrid.Core.Definitions;

/// <summary>
/// Where an event's field is read: a path of members from the payload's outermost object, such as
/// <c>order.amount</c>, or a header of the record, such as <c>header tenant-id</c>. A member whose name has a dot, a
/// space or a quote stands in double quotes: <c>"a.b".c</c>. Immutable; equal when they mean the same place.
/// </summary>
public sealed class FieldSource : IEquatable<FieldSource>
{
    /// <summary>The most members of a path: as deep as a payload may be nested.</summary>
    public const int MembersMax = 64;

    /// <summary>The most characters of a path, and of a header's name.</summary>
    public const int CharactersMax = 512;

    private const string HeaderWord = "header";

    private FieldSource(bool isHeader, ImmutableArray<string> path)
    {
        IsHeader = isHeader;
        Path = path;
        Text = (isHeader ? HeaderWord + " " : "") + Print(path.AsSpan());
    }

    /// <summary>Whether the value is a header of the record; else it is a member of the payload.</summary>
    public bool IsHeader { get; }

    /// <summary>The members' names from the outermost object on; of a header, its name alone.</summary>
    public ImmutableArray<string> Path { get; }

    /// <summary>The one notation of this place, as a definition may have it behind <c>from</c>.</summary>
    public string Text { get; }

    /// <summary>The place that a field's name says, when the field has no <c>from</c>. A name that is no path is the
    /// name of one member.</summary>
    public static FieldSource OfName(string name)
    {
        FieldSource? source = ParsePath(name, isName: true, out _);
        return source ?? new FieldSource(false, [name]);
    }

    /// <summary>Reads a field's name as a path.</summary>
    /// <param name="name">The name.</param>
    /// <param name="error">What is wrong with it; null: nothing.</param>
    internal static FieldSource OfName(string name, out string? error)
    {
        FieldSource? source = ParsePath(name, isName: true, out error);
        return source ?? new FieldSource(false, [name]);
    }

    /// <summary>Reads what stands behind <c>from</c>.</summary>
    /// <param name="text">A path, or <c>header NAME</c>.</param>
    /// <param name="error">What is wrong with it; null: nothing.</param>
    /// <returns>Null when it is wrong.</returns>
    internal static FieldSource? Parse(string text, out string? error)
    {
        if (!text.StartsWith(HeaderWord + " ", StringComparison.Ordinal))
        {
            return ParsePath(text, isName: false, out error);
        }

        string name = text[HeaderWord.Length..].Trim();
        int at = 0;
        error = null;
        string? header = name.StartsWith('"')
            ? Quoted(name, ref at, out error)
            : Take(name, ref at, c => IsPlain(c) || c == '.');
        error ??= header is { Length: > 0 } && at == name.Length && name.Length <= CharactersMax
            ? null
            : $"'{name}' is no header's name; quote a name that has spaces: header \"my header\"";
        return error is null ? new FieldSource(true, [header ?? ""]) : null;
    }

    /// <summary>The places of <c>A or B or C</c>, one after the other.</summary>
    internal static IEnumerable<string> SplitAlternatives(string text)
    {
        const string Or = " or ";
        int start = 0;
        bool isQuoted = false;
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] == '\\' && isQuoted)
            {
                at++;
            }
            else if (text[at] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (!isQuoted && text.AsSpan(at).StartsWith(Or, StringComparison.Ordinal))
            {
                yield return text[start..at].Trim();
                start = at + Or.Length;
                at = start - 1;
            }
        }

        yield return text[start..].Trim();
    }

    /// <summary>The field's name that means a path: as <see cref="Print"/>, but a name in it needs no quotes for a
    /// space.</summary>
    public static string NameOf(ReadOnlySpan<string> members)
    {
        string[] parts = new string[members.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = members[i].Length > 0 && members[i][0] != '"' && members[i].All(IsNamePart)
                ? members[i]
                : TextLexer.Print(members[i]);
        }

        return string.Join('.', parts);
    }

    /// <summary>The notation of some of a path's members.</summary>
    public static string Print(ReadOnlySpan<string> members)
    {
        string[] parts = new string[members.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = IsPlain(members[i]) ? members[i] : TextLexer.Print(members[i]);
        }

        return string.Join('.', parts);
    }

    /// <inheritdoc/>
    public bool Equals(FieldSource? other) => other is not null && other.Text == Text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as FieldSource);

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static FieldSource? ParsePath(string text, bool isName, out string? error)
    {
        var path = ImmutableArray.CreateBuilder<string>();
        int at = 0;
        error = text.Length > CharactersMax ? $"a path has at most {CharactersMax} characters" : null;
        while (error is null)
        {
            string? member = at < text.Length && text[at] == '"'
                ? Quoted(text, ref at, out error)
                : Take(text, ref at, isName ? IsNamePart : IsPlain);
            if (member is null || error is not null)
            {
                break;
            }

            path.Add(member);
            error = isName ? null
                : member.Contains('[', StringComparison.Ordinal) && text[at - 1] != '"'
                    ? $"'{text}' is no path: a path does not go into arrays; quote a name that has brackets"
                : text.StartsWith("$.", StringComparison.Ordinal)
                    ? $"'{text}' is no path: it starts at the event, without '$'"
                : null;
            error ??= member.Length == 0 ? $"'{text}' has an empty member; quote a name that has dots: \"a.b\".c"
                : path.Count > MembersMax ? $"a path has at most {MembersMax} members"
                : null;
            if (at == text.Length)
            {
                break;
            }

            error ??= text[at] == '.'
                ? null
                : $"'{text}' is no path: after '{member}' stands '{text[at]}'; "
                    + "quote a name that has dots, spaces, brackets or quotes: \"unit price\"";
            at++;
        }

        return error is null ? new FieldSource(false, path.ToImmutable()) : null;
    }

    private static string? Quoted(string text, ref int at, out string? error)
    {
        var errors = new LanguageErrors();
        Token? literal = TextLexer.Scan(text, ref at, errors);
        error = errors.All.Select(e => e.Message).FirstOrDefault();
        return literal?.Text;
    }

    private static string Take(string text, ref int at, Func<char, bool> accepts)
    {
        int start = at;
        while (at < text.Length && accepts(text[at]))
        {
            at++;
        }

        return text[start..at];
    }

    private static bool IsPlain(string member) => member.Length > 0 && member.All(IsPlain);

    // A field's name needs no quotes for a space, as it is one text in the file anyway.
    private static bool IsNamePart(char c) => c != '.' && !char.IsControl(c);

    private static bool IsPlain(char c) =>
        c is not ('.' or '"' or '`') && !char.IsWhiteSpace(c) && !char.IsControl(c);
}
