namespace ContextGrid.Orleans.Operations;

/// <summary>
/// TLS between silos, each of which shows a certificate to the other. Who has one of the authority is a silo of the
/// cluster, whatever name the certificate is for: the authority issues certificates for nothing else.
/// </summary>
public sealed record SiloTlsOptions
{
    /// <summary>The file with this silo's certificate: PEM, or PFX with its key. Where the certificate lists extended
    /// key usages, both server and client authentication are among them.</summary>
    public required string Certificate { get; init; }

    /// <summary>The file with the certificate's key in PEM; null: it is in the certificate's file.</summary>
    public string? Key { get; init; }

    /// <summary>The file with the password of the PFX or of the PEM key; null: there is none.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>The PEM file with the authority that the certificates of all silos come from, and any authorities in
    /// between. While one follows another, with both.</summary>
    public required string Authority { get; init; }
}
