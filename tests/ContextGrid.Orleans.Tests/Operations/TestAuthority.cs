using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ContextGrid.Orleans.Operations;

namespace ContextGrid.Orleans.Tests.Operations;

/// <summary>An authority for certificates, and the files with what it issues.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset Begin = TimeProvider.System.GetUtcNow().AddDays(-2);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-authority-").FullName;
    private readonly X509Certificate2 _certificate;

    // Authorities that follow each other have one name; their keys tell them apart.
    private readonly X509AuthorityKeyIdentifierExtension _identifier;
    private byte _issued;

    internal TestAuthority()
    {
        var request = new CertificateRequest("CN=silos", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var identifier = new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false);
        request.CertificateExtensions.Add(identifier);
        _identifier = X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier);
        _certificate = request.CreateSelfSigned(Begin, Begin.AddDays(20));
        Path = Write("authority.pem", _certificate.ExportCertificatePem() + "\n");
    }

    /// <summary>The file with the authority's own certificate.</summary>
    internal string Path { get; }

    /// <summary>A certificate in PEM, and its key in another file.</summary>
    internal SiloTlsOptions IssuePem(int days = 10, params string[] uses)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 issued = Issue(key, days, uses);
        return new SiloTlsOptions
        {
            Certificate = Write($"{Name()}.pem", issued.ExportCertificatePem()),
            Key = Write($"{Name()}.key", key.ExportPkcs8PrivateKeyPem()),
            Authority = Path,
        };
    }

    /// <summary>A certificate in PFX with a password.</summary>
    internal SiloTlsOptions IssuePfx()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 issued = Issue(key, 10, []);
        using X509Certificate2 both = issued.CopyWithPrivateKey(key);
        string path = System.IO.Path.Combine(_root, $"{Name()}.pfx");
        File.WriteAllBytes(path, both.Export(X509ContentType.Pkcs12, "secret"));
        return new SiloTlsOptions
        {
            Certificate = path, PasswordFile = Write($"{Name()}.password", "secret\n"), Authority = Path,
        };
    }

    /// <summary>A file beside the others.</summary>
    internal string Write(string name, string text)
    {
        string path = System.IO.Path.Combine(_root, name);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private X509Certificate2 Issue(ECDsa key, int days, string[] uses)
    {
        var request = new CertificateRequest("CN=silo", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(_identifier);
        if (uses.Length > 0)
        {
            request.CertificateExtensions.Add(
                new X509EnhancedKeyUsageExtension([.. uses.Select(u => new Oid(u))], critical: false));
        }

        return request.Create(_certificate, Begin, Begin.AddDays(days), [++_issued]);
    }

    private string Name() => _issued.ToString(CultureInfo.InvariantCulture);
}
