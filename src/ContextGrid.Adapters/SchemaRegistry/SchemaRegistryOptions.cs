namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>Which schema registry is asked, and how patiently.</summary>
public sealed record SchemaRegistryOptions
{
    /// <summary>Its address, such as <c>https://registry:8081</c>; a path in it is kept. Without user and password.
    /// </summary>
    public required Uri Address { get; init; }

    /// <summary>Who asks. Default: <see cref="RegistryCredentials.None"/>.</summary>
    public RegistryCredentials Credentials { get; init; } = RegistryCredentials.None;

    /// <summary>How long one request may take. Default 5 seconds.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a failed request is sent again before the registry counts as away. Default 2; 0 to 10.
    /// </summary>
    public int Retries { get; init; } = 2;

    /// <summary>The wait before the first repetition, doubled for each further one, with jitter. Default 100 ms.
    /// </summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How long it is remembered that the registry has no schema of an id, or none that can be used. Default 30
    /// seconds: so long after it was registered, records with the id may still become dead letters when some came
    /// before.
    /// </summary>
    public TimeSpan RefusedAge { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Reads an address.</summary>
    /// <exception cref="ArgumentException">It is no http or https address, or holds a secret.</exception>
    public static Uri ParseAddress(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
        {
            throw new ArgumentException(
                "The schema registry's address must be a URL such as http://localhost:8081.", nameof(text));
        }

        if (address.UserInfo.Length > 0)
        {
            throw new ArgumentException(
                "The schema registry's address may not hold a user or password: give them by the environment variable "
                + "CONTEXTGRID_SCHEMA_REGISTRY_AUTH.", nameof(text));
        }

        return address.AbsoluteUri.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/");
    }
}
