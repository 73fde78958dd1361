using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace ContextGrid.Orleans.Operations;

/// <summary>Who may see the dashboard of Orleans: who knows the password, or everybody on this machine. What it shows
/// of itself has no secrets. Thread-safe.</summary>
public sealed class DashboardAccess
{
    /// <summary>Where the dashboard is.</summary>
    public const string Path = "/orleans";

    private const string EnvironmentPrefix = "env:";
    private const int FileBytesMax = 64 << 10;

    // Null: open. A hash, since it is of one length: a comparison tells nothing of the password's.
    private readonly byte[]? _hash;

    private DashboardAccess(string? password) =>
        _hash = password is null ? null : SHA256.HashData(Encoding.UTF8.GetBytes(password));

    /// <summary>Whether programs and people of this machine see it without a password, and nobody else does.</summary>
    public bool IsOpen => _hash is null;

    /// <summary>Reads what an operator wrote. The password itself is refused: lists of processes show it.</summary>
    /// <param name="text"><c>@FILE</c> with a file that holds the password, <c>env:NAME</c> with an environment
    /// variable that does, or <c>open</c>.</param>
    /// <param name="access">What it means; null: nothing.</param>
    /// <param name="error">Why it means nothing, without a secret; null: it means something.</param>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out DashboardAccess? access, [NotNullWhen(false)] out string? error)
    {
        (access, error) = (null, null);
        if (text == "open")
        {
            access = new DashboardAccess(null);
            return true;
        }

        string? password = null;
        if (text.StartsWith(EnvironmentPrefix, StringComparison.Ordinal))
        {
            string name = text[EnvironmentPrefix.Length..];
            password = name.Length == 0 ? null : Environment.GetEnvironmentVariable(name);
            error = string.IsNullOrWhiteSpace(password) ? $"the environment variable '{name}' has no password." : null;
        }
        else if (text.StartsWith('@'))
        {
            password = ReadFile(text[1..], out error);
        }
        else
        {
            error = "name where the password is: @FILE or env:NAME; or 'open' for everybody on this machine.";
        }

        access = error is null ? new DashboardAccess(password ?? "") : null;
        return error is null;
    }

    /// <inheritdoc/>
    public override string ToString() => IsOpen ? "open" : "password";

    /// <summary>Whether a request that shows this header may pass; any user name will do.</summary>
    /// <param name="authorization">The header: <c>Basic</c> or <c>Bearer</c> with the password; null: none.</param>
    internal bool IsPassword(string? authorization)
    {
        if (!AuthenticationHeaderValue.TryParse(authorization, out AuthenticationHeaderValue? header))
        {
            return false;
        }

        byte[]? password = header.Scheme.ToUpperInvariant() switch
        {
            "BEARER" => Encoding.UTF8.GetBytes(header.Parameter ?? ""),
            "BASIC" => BasicPassword(header.Parameter ?? ""),
            _ => null,
        };
        return password is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(password), _hash);
    }

    private static byte[]? BasicPassword(string parameter)
    {
        byte[] bytes = new byte[parameter.Length];
        if (!Convert.TryFromBase64String(parameter, bytes, out int length))
        {
            return null;
        }

        int colon = bytes.AsSpan(0, length).IndexOf((byte)':');
        return colon < 0 ? null : bytes[(colon + 1)..length];
    }

    private static string? ReadFile(string path, out string? error)
    {
        try
        {
            string? password = new FileInfo(path).Length <= FileBytesMax
                ? File.ReadAllText(path).TrimEnd('\r', '\n')
                : null;
            error = string.IsNullOrWhiteSpace(password)
                ? $"the file '{path}' has no password, or is too large for one."
                : null;
            return password;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            error = $"the file '{path}' can't be read: {e.Message}";
            return null;
        }
    }
}
