using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using ContextGrid.Adapters.AzureBlob;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.TestKit.Parts;
using ContextGrid.TestKit.Processes;

namespace ContextGrid.Adapters.Tests.AzureBlob;

/// <summary>
/// A URL without a secret: the token comes from the endpoint that a machine with a managed identity has, here one of
/// the test, and Azurite checks it over https.
/// </summary>
public sealed class AzureBlobIdentityTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Open_ManagedIdentity_NeedsNoSecret()
    {
        (string certificate, string key) = WriteCertificate();
        await using AzuriteProcess azurite = await AzuriteProcess.StartAsync(
            "--inMemoryPersistence", "--oauth", "basic", "--cert", certificate, "--key", key);
        using TokenEndpoint endpoint = TokenEndpoint.Start();
        Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", endpoint.Url);
        Environment.SetEnvironmentVariable("IDENTITY_HEADER", "any");
        try
        {
            ISnapshotStore store = await OpenAsync(azurite.Port);
            await store.PutAsync("a", new byte[] { 1 }, PutCondition.Absent, CancellationToken.None);
            Assert.Single(await store.ListAsync("", CancellationToken.None));
            Assert.True(endpoint.Given > 0);
        }
        finally
        {
            Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", null);
            Environment.SetEnvironmentVariable("IDENTITY_HEADER", null);
        }
    }

    private static async Task<ISnapshotStore> OpenAsync(int port)
    {
        // The certificate is the test's own, which no machine trusts.
        var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator,
        };
        string url = string.Create(
            CultureInfo.InvariantCulture, $"https://127.0.0.1:{port}/{AzuriteProcess.Account}/identity/grid");
        return await AzureBlobSnapshotStore.OpenAsync(
            AzuriteFixture.Address(url),
            AzuriteFixture.Impatient,
            new BlobClientOptions { Transport = new HttpClientTransport(handler) },
            TimeProvider.System,
            null,
            CancellationToken.None);
    }

    private (string Certificate, string Key) WriteCertificate()
    {
        using RSA rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        string certificate = Path.Combine(_directory.Path, "cert.pem"), key = Path.Combine(_directory.Path, "key.pem");
        File.WriteAllText(certificate, made.ExportCertificatePem());
        File.WriteAllText(key, rsa.ExportPkcs8PrivateKeyPem());
        return (certificate, key);
    }

    /// <summary>Gives tokens as the endpoint of Azure App Service does; nobody signs them, and Azurite does not ask.
    /// </summary>
    private sealed class TokenEndpoint : IDisposable
    {
        private readonly HttpListener _listener = new();
        private int _given;

        public required string Url { get; init; }

        public int Given => _given;

        public static TokenEndpoint Start()
        {
            var endpoint = new TokenEndpoint
            {
                Url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{PartProcess.FreePort()}/"),
            };
            endpoint._listener.Prefixes.Add(endpoint.Url);
            endpoint._listener.Start();
            _ = endpoint.ServeAsync();
            return endpoint;
        }

        public void Dispose() => _listener.Close();

        private static string Part(string json) => Convert.ToBase64String(Encoding.UTF8.GetBytes(json))
            .TrimEnd('=').Replace('+', '-').Replace('/', '_');

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    HttpListenerContext call = await _listener.GetContextAsync();
                    Interlocked.Increment(ref _given);
                    long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
                    string claims = string.Create(CultureInfo.InvariantCulture, $$"""
                        {"aud":"https://storage.azure.com",
                        "iss":"https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
                        "iat":{{now - 60}},"nbf":{{now - 60}},"exp":{{now + 3600}}}
                        """);
                    string token = $"{Part("""{"alg":"none","typ":"JWT"}""")}.{Part(claims)}.{Part("signature")}";
                    string answer = string.Create(CultureInfo.InvariantCulture, $$"""
                        {"access_token":"{{token}}","expires_on":"{{now + 3600}}","token_type":"Bearer"}
                        """);
                    call.Response.ContentType = "application/json";
                    await call.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer));
                    call.Response.Close();
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }
}
