using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ContextGrid.Server.Grpc;
using Microsoft.AspNetCore.Hosting;

namespace ContextGrid.Integration.Tests.Grpc;

/// <summary>The official interoperability client (grpc-go) against this gRPC layer.</summary>
public sealed class InteropTests
{
    [Theory]
    [InlineData("empty_unary")]
    [InlineData("large_unary")]
    [InlineData("client_streaming")]
    [InlineData("server_streaming")]
    [InlineData("ping_pong")]
    [InlineData("empty_stream")]
    [InlineData("custom_metadata")]
    [InlineData("status_code_and_message")]
    [InlineData("special_status_message")]
    [InlineData("unimplemented_method")]
    [InlineData("unimplemented_service")]
    [InlineData("cancel_after_begin")]
    [InlineData("cancel_after_first_response")]
    [InlineData("timeout_on_sleeping_server")]
    public async Task OfficialClient_RunsCase_AgreesWithServer(string testCase)
    {
        var client = SharedParts.RequireProgram("grpc-interop-client");
        await using var host = await GrpcTestHost.StartAsync(new GrpcOptions(), InteropTestService.Create());
        var run = await ProcessRun.RunAsync(
            client, ["-server_host", "127.0.0.1", "-server_port", $"{host.Port}", "-test_case", testCase]);
        run.RequireSuccess();
    }

    [Fact]
    public async Task OfficialClient_OverTls_AgreesWithServer()
    {
        var client = SharedParts.RequireProgram("grpc-interop-client");
        using var certificate = CreateCertificate();
        var authority = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(authority, certificate.ExportCertificatePem());
            await using var host = await GrpcTestHost.StartAsync(
                new GrpcOptions(), listen => listen.UseHttps(certificate), InteropTestService.Create());
            var run = await ProcessRun.RunAsync(
                client,
                ["-server_host", "127.0.0.1", "-server_port", $"{host.Port}", "-test_case", "ping_pong",
                 "-use_tls", "-use_test_ca", "-ca_file", authority, "-server_host_override", "localhost"]);
            run.RequireSuccess();
        }
        finally
        {
            File.Delete(authority);
        }
    }

    private static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
    }
}
