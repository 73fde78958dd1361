using System.Diagnostics.CodeAnalysis;
using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Adapters.AzureBlob;

/// <summary>
/// Where blobs are, and what grants access to them: a connection string, a URL with a shared access signature, or a URL
/// alone, for which the identity of the process counts. Keeps its secrets to itself: no message and no text of it has
/// them. Immutable.
/// </summary>
public sealed class AzureBlobAddress
{
    private const string Forms =
        "Write CONNECTION-STRING;Container=NAME[;Prefix=PATH], or "
        + "https://ACCOUNT.blob.core.windows.net/CONTAINER[/PATH] with or without a shared access signature.";

    private const int ContainerLengthMin = 3, ContainerLengthMax = 63;

    private readonly Uri? _container;
    private readonly string? _connectionString;

    private AzureBlobAddress(string? connectionString, Uri? container, string name, string prefix, AzureBlobAccess by)
    {
        (_connectionString, _container, Container, Access) = (connectionString, container, name, by);
        Prefix = prefix.Length == 0 ? "" : prefix + "/";
        Uri place = CreateClient(new BlobClientOptions(), new UnusedCredential()).Uri;
        Place = $"{place.GetLeftPart(UriPartial.Path)}/{prefix}".TrimEnd('/');
    }

    /// <summary>The container's name.</summary>
    public string Container { get; }

    /// <summary>What the names of all blobs begin with: empty, or a path with a slash at its end.</summary>
    public string Prefix { get; }

    /// <summary>What grants access.</summary>
    public AzureBlobAccess Access { get; }

    /// <summary>The URL of container and prefix, without any secret.</summary>
    public string Place { get; }

    /// <summary>Reads an address.</summary>
    /// <param name="text"><c>CONNECTION-STRING;Container=NAME[;Prefix=PATH]</c> or
    /// <c>https://HOST/CONTAINER[/PATH][?SIGNATURE]</c>; a path is 1–200 of <c>a–z 0–9 - . /</c>.</param>
    /// <param name="address">The address; null: the text is none.</param>
    /// <param name="error">Why it is none, without a secret; null: it is one.</param>
    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out AzureBlobAddress? address,
        [NotNullWhen(false)] out string? error)
    {
        try
        {
            string trimmed = text.Trim();
            bool isUrl = trimmed.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
                || trimmed.StartsWith("http://", StringComparison.OrdinalIgnoreCase);
            (address, error) = (isUrl ? OfUrl(trimmed) : OfConnectionString(trimmed), null);
            return true;
        }
        catch (FormatException e)
        {
            (address, error) = (null, $"{e.Message} {Forms}");
            return false;
        }
    }

    /// <summary>The place, without any secret.</summary>
    public override string ToString() => Place;

    /// <summary>Makes the client of the container.</summary>
    /// <param name="options">How it talks to the service.</param>
    /// <param name="credential">The identity; null: what the environment of the process offers.</param>
    internal BlobContainerClient CreateClient(BlobClientOptions options, TokenCredential? credential) => Access switch
    {
        AzureBlobAccess.ConnectionString =>
            new BlobServiceClient(_connectionString, options).GetBlobContainerClient(Container),
        AzureBlobAccess.SharedAccessSignature => new BlobContainerClient(_container, options),
        _ => new BlobContainerClient(_container, credential ?? new DefaultAzureCredential(), options),
    };

    private static AzureBlobAddress OfUrl(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.UserInfo.Length > 0)
        {
            throw new FormatException("This is no URL of a container.");
        }

        var parts = new BlobUriBuilder(uri);
        string prefix = parts.BlobName.Trim('/');
        bool isSigned = parts.Sas is not null;
        if (!isSigned && uri.Query.Length > 1)
        {
            throw new FormatException("The query of the URL is no shared access signature.");
        }

        if (!isSigned && uri.Scheme != Uri.UriSchemeHttps)
        {
            throw new FormatException("The identity of the process may only be shown to an https:// URL.");
        }

        parts.BlobName = "";
        Check(parts.BlobContainerName, prefix);
        return new AzureBlobAddress(
            null,
            parts.ToUri(),
            parts.BlobContainerName,
            prefix,
            isSigned ? AzureBlobAccess.SharedAccessSignature : AzureBlobAccess.Identity);
    }

    private static AzureBlobAddress OfConnectionString(string text)
    {
        string container = "", prefix = "";
        var rest = new List<string>();
        foreach (string part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? part : part[..equals], value = equals < 0 ? "" : part[(equals + 1)..];
            if (name.Equals("Container", StringComparison.OrdinalIgnoreCase))
            {
                container = value;
            }
            else if (name.Equals("Prefix", StringComparison.OrdinalIgnoreCase))
            {
                prefix = value.Trim('/');
            }
            else
            {
                rest.Add(part);
            }
        }

        Check(container, prefix);
        try
        {
            return new AzureBlobAddress(
                string.Join(';', rest), null, container, prefix, AzureBlobAccess.ConnectionString);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            // The library's own message may repeat parts of the text.
            throw new FormatException(
                "This is no connection string of Azure storage: it has AccountName and AccountKey, or BlobEndpoint and "
                + "SharedAccessSignature, or UseDevelopmentStorage=true.");
        }
    }

    private static void Check(string container, string prefix)
    {
        if (container.Length == 0)
        {
            throw new FormatException("The container is missing.");
        }

        bool isName = container.Length is >= ContainerLengthMin and <= ContainerLengthMax
            && container.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-')
            && !container.StartsWith('-') && !container.EndsWith('-')
            && !container.Contains("--", StringComparison.Ordinal);
        if (!isName)
        {
            throw new FormatException(
                "The container's name is not 3 to 63 small letters, digits and single hyphens.");
        }

        try
        {
            BlobName.Check(prefix.Length == 0 ? "none" : prefix);
        }
        catch (ArgumentException)
        {
            throw new FormatException(
                $"The prefix is not 1 to {BlobName.LengthMax} of a-z, 0-9, '-', '.' and '/' without empty parts.");
        }
    }

    /// <summary>Stands in for an identity where only a URL is asked for.</summary>
    private sealed class UnusedCredential : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext context, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("Nobody asks for this token.");

        public override ValueTask<AccessToken> GetTokenAsync(
            TokenRequestContext context, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("Nobody asks for this token.");
    }
}
