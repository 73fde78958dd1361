using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ContextGrid.Integration.Tests.Kafka;

/// <summary>An authority of its own, a broker's and a client's certificate, as PEM files in a directory.</summary>
internal sealed class KafkaCertificates
{
    private static readonly TimeSpan Age = TimeSpan.FromDays(1);

    internal KafkaCertificates(string directory, DateTimeOffset now)
    {
        using RSA authorityKey = RSA.Create(2048);
        var request = new CertificateRequest(
            "CN=contextgrid tests", authorityKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 authority = request.CreateSelfSigned(now - Age, now + Age);
        Authority = Path.Combine(directory, "authority.pem");
        File.WriteAllText(Authority, authority.ExportCertificatePem());
        (Broker, _) = Write(directory, "broker", authority, now);
        (Client, ClientKey) = Write(directory, "client", authority, now);
    }

    /// <summary>The authority's certificate.</summary>
    internal string Authority { get; }

    /// <summary>The broker's key and certificate, in one file.</summary>
    internal string Broker { get; }

    /// <summary>A client's key and certificate, in one file.</summary>
    internal string Client { get; }

    /// <summary>The client's key alone.</summary>
    internal string ClientKey { get; }

    private static (string Both, string Key) Write(
        string directory, string name, X509Certificate2 authority, DateTimeOffset now)
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("127.0.0.1"); // As OpenSSL looks for it when it is told a host.
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.Create(
            authority, now - Age, now + (Age / 2), RandomNumberGenerator.GetBytes(8));
        string both = Path.Combine(directory, name + ".pem"), alone = Path.Combine(directory, name + ".key");
        File.WriteAllText(both, key.ExportPkcs8PrivateKeyPem() + "\n" + certificate.ExportCertificatePem() + "\n");
        File.WriteAllText(alone, key.ExportPkcs8PrivateKeyPem() + "\n");
        return (both, alone);
    }
}
