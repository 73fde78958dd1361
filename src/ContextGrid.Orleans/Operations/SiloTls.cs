using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ContextGrid.Runtime.Embedded;
using Orleans.Connections.Security;
using Orleans.Hosting;

namespace ContextGrid.Orleans.Operations;

/// <summary>
/// Puts TLS between silos. Both sides of each connection must show a certificate that chains to the authority, and to
/// none of the machine's own. Revocation is not checked: an authority of one cluster is replaced instead.
/// </summary>
internal static class SiloTls
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1", ClientUse = "1.3.6.1.5.5.7.3.2";

    /// <summary>Reads the files and has all connections of the silo use them.</summary>
    /// <exception cref="HostStartException">Other silos could not trust the certificate, or a file can't be
    /// used.</exception>
    internal static void Use(ISiloBuilder silo, SiloTlsOptions options)
    {
        X509Certificate2 certificate = Read(options.Certificate, () => ReadCertificate(options));
        X509Certificate2Collection authority = Read(options.Authority, () => ReadAuthority(options.Authority));
        if (!certificate.HasPrivateKey)
        {
            throw Unusable(options.Certificate, "it has no private key. Name the file with the key too.");
        }

        if (WhyNot(certificate, authority, null) is { } reason)
        {
            throw Unusable(options.Certificate, $"it is not good for the authority of '{options.Authority}': {reason}");
        }

        silo.UseTls(certificate, tls =>
        {
            tls.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
            tls.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
            tls.RemoteCertificateValidation = (remote, chain, _) => WhyNot(remote, authority, chain) is null;
        });
    }

    // Null: the certificate is of the authority, in its time, and for both ends of a connection.
    private static string? WhyNot(X509Certificate2 certificate, X509Certificate2Collection authority, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authority);
        chain.ChainPolicy.ExtraStore.AddRange(sent?.ChainPolicy.ExtraStore ?? []);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerUse));
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientUse));
        return chain.Build(certificate)
            ? null
            : string.Join(' ', chain.ChainStatus.Select(Explain).Distinct());
    }

    private static string Explain(X509ChainStatus status) => status.Status == X509ChainStatusFlags.NotValidForUsage
        ? "it is not for server authentication and client authentication both."
        : status.StatusInformation.Trim();

    private static X509Certificate2 ReadCertificate(SiloTlsOptions options)
    {
        string? password = options.PasswordFile is { } file ? File.ReadAllText(file).TrimEnd('\r', '\n') : null;
        byte[] bytes = File.ReadAllBytes(options.Certificate);
        if (X509Certificate2.GetCertContentType(bytes) == X509ContentType.Pkcs12)
        {
            return X509CertificateLoader.LoadPkcs12(bytes, password);
        }

        string key = options.Key ?? options.Certificate;
        return password is null
            ? X509Certificate2.CreateFromPemFile(options.Certificate, key)
            : X509Certificate2.CreateFromEncryptedPemFile(options.Certificate, password, key);
    }

    private static X509Certificate2Collection ReadAuthority(string path)
    {
        var authority = new X509Certificate2Collection();
        authority.ImportFromPemFile(path);
        return authority.Count > 0 ? authority : throw new CryptographicException("It has no certificate in PEM.");
    }

    private static T Read<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException
            or ArgumentException)
        {
            throw Unusable(path, e.Message, e);
        }
    }

    private static HostStartException Unusable(string path, string reason, Exception? inner = null) =>
        new($"The file '{path}' can't be used for TLS between silos: {reason}".ReplaceLineEndings(" "), inner);
}
