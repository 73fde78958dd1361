using System.Net.Http.Headers;
using System.Text;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>
/// Who the registry's client is: <c>user:password</c> (basic), any other text (a bearer token), or <c>@FILE</c>, a file
/// that holds either and is read anew for every request, so that a rotated secret counts at once. Never printed.
/// </summary>
public sealed class RegistryCredentials
{
    private const int FileBytesMax = 64 * 1024;

    private readonly string _text;

    private RegistryCredentials(string text) => _text = text;

    /// <summary>No credentials.</summary>
    public static RegistryCredentials None { get; } = new("");

    /// <summary>Reads the notation above; null and the empty text are <see cref="None"/>.</summary>
    /// <exception cref="ArgumentException">The file can't be read, or holds no secret.</exception>
    public static RegistryCredentials Parse(string? text)
    {
        var credentials = new RegistryCredentials(text?.Trim() ?? "");
        try
        {
            _ = credentials.Header();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new ArgumentException($"The credentials of the schema registry can't be read: {e.Message}", e);
        }

        return credentials;
    }

    /// <summary>The header to send; null: none.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="FormatException">The file is empty or too long, or the secret can't stand in a header.
    /// </exception>
    internal AuthenticationHeaderValue? Header()
    {
        if (_text.Length == 0)
        {
            return null;
        }

        string secret = _text[0] == '@' ? ReadFile(_text[1..]) : _text;
        if (secret.Length == 0 || secret.Any(c => char.IsControl(c)))
        {
            throw new FormatException("it must be one line: user:password, or a token.");
        }

        return secret.Contains(':', StringComparison.Ordinal)
            ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)))
            : new AuthenticationHeaderValue("Bearer", secret);
    }

    /// <summary>Says only whether there are any.</summary>
    public override string ToString() => _text.Length == 0 ? "no credentials" : "credentials (hidden)";

    private static string ReadFile(string path)
    {
        var file = new FileInfo(path);
        if (file is { Exists: true, Length: > FileBytesMax })
        {
            throw new FormatException($"'{path}' is longer than a secret.");
        }

        return File.ReadAllText(path).Trim();
    }
}
