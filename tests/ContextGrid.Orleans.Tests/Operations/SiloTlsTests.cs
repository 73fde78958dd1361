using System.Net.Security;
using System.Net.Sockets;
using ContextGrid.Orleans.Operations;
using ContextGrid.Runtime.Embedded;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace ContextGrid.Orleans.Tests.Operations;

/// <summary>Silos with certificates of one authority are a cluster; others stay out.</summary>
public sealed class SiloTlsTests : IDisposable
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1", ClientUse = "1.3.6.1.5.5.7.3.2";

    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task Start_CertificatesOfOneAuthority_SilosWorkTogether()
    {
        await using var cluster = new ClusterFixture();
        await cluster.PublishAsync(users: 300, events: 2_000);
        await using SiloHost first = await StartAsync(cluster, _authority.IssuePem(10, ServerUse, ClientUse));
        await using SiloHost second = await StartAsync(cluster, _authority.IssuePfx());
        await cluster.RequireAsync(first);
        await cluster.RequireAsync(second);
        await RequireMembersAsync(first, 2);
    }

    [Fact]
    public async Task Start_CertificateOfAnotherAuthority_StaysOutAndSaysSo()
    {
        using var other = new TestAuthority();
        await RequireStaysOutAsync(_authority.IssuePem(), other.IssuePem());
    }

    // It trusts the cluster's authority itself, so that only the others' look at its certificate keeps it out.
    [Fact]
    public async Task Start_TrustsTheClusterButHasACertificateOfAnother_StaysOutAndSaysSo()
    {
        using var other = new TestAuthority();
        string both = File.ReadAllText(_authority.Path) + File.ReadAllText(other.Path);
        await RequireStaysOutAsync(
            _authority.IssuePem(), other.IssuePem() with { Authority = other.Write("both.pem", both) });
    }

    [Fact]
    public Task Start_NoTlsWhereOthersHaveIt_StaysOutAndSaysSo() =>
        RequireStaysOutAsync(_authority.IssuePem(), null);

    [Fact]
    public Task Start_TlsWhereOthersHaveNone_StaysOutAndSaysSo() =>
        RequireStaysOutAsync(null, _authority.IssuePem());

    [Fact]
    public async Task Connect_WithoutACertificate_IsCutOff()
    {
        await using var cluster = new ClusterFixture();
        await using SiloHost silo = await StartAsync(cluster, _authority.IssuePem());
        using var client = new TcpClient();
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        await client.ConnectAsync(
            silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress.Endpoint, limit.Token);
        await using var stream = new SslStream(client.GetStream(), false, (_, _, _, _) => true);

        // In TLS 1.3 the handshake has ended for the client before its certificate is missed.
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions(), limit.Token);
            await stream.ReadExactlyAsync(new byte[1], limit.Token);
        });
    }

    [Fact]
    public async Task Start_AuthorityFollowsAnother_SilosWithBothWorkTogether()
    {
        using var next = new TestAuthority();
        string both = _authority.Write("both.pem", File.ReadAllText(_authority.Path) + File.ReadAllText(next.Path));
        await using var cluster = new ClusterFixture();
        await using SiloHost first = await StartAsync(cluster, _authority.IssuePem() with { Authority = both });
        await using SiloHost second = await StartAsync(cluster, next.IssuePem() with { Authority = both });
        await RequireMembersAsync(second, 2);
    }

    [Fact]
    public async Task Start_FilesThatCantBeUsed_SaysWhichAndWhyInOneLine()
    {
        using var other = new TestAuthority();
        SiloTlsOptions pem = _authority.IssuePem(), pfx = _authority.IssuePfx();
        (SiloTlsOptions Options, string File)[] wrong =
        [
            (pem with { Certificate = pem.Certificate + ".not" }, pem.Certificate + ".not"),
            (pem with { Key = null }, pem.Certificate),
            (pem with { Key = _authority.IssuePem().Key }, pem.Certificate),
            (pem with { Authority = other.Path }, pem.Certificate),
            (pem with { Authority = _authority.Write("empty.pem", "") }, "empty.pem"),
            (pfx with { PasswordFile = null }, pfx.Certificate),
            (pfx with { PasswordFile = _authority.Write("wrong", "wrong") }, pfx.Certificate),
        ];
        foreach ((SiloTlsOptions options, string file) in wrong)
        {
            string message = await RefusalAsync(options);
            Assert.Contains(file, message, StringComparison.Ordinal);
        }

        Assert.Contains("expired", await RefusalAsync(_authority.IssuePem(days: 1)));
        Assert.Contains("not for server authentication", await RefusalAsync(_authority.IssuePem(10, ServerUse)));
        Assert.Contains("not for server authentication", await RefusalAsync(_authority.IssuePem(10, ClientUse)));
    }

    private static async Task<string> RefusalAsync(SiloTlsOptions options)
    {
        await using var cluster = new ClusterFixture();
        HostStartException e = await Assert.ThrowsAsync<HostStartException>(() => StartAsync(cluster, options));
        Assert.DoesNotContain('\n', e.Message);
        return e.Message;
    }

    private static async Task RequireStaysOutAsync(SiloTlsOptions? inside, SiloTlsOptions? outside)
    {
        await using var cluster = new ClusterFixture();
        await cluster.PublishAsync(users: 50, events: 200);
        await using SiloHost first = await StartAsync(cluster, inside);
        await cluster.RequireAsync(first);
        HostStartException e = await Assert.ThrowsAsync<HostStartException>(
            () => StartAsync(cluster, outside).WaitAsync(ClusterFixture.Limit));
        Assert.Contains("TLS of one authority", e.Message, StringComparison.Ordinal);
        await RequireMembersAsync(first, 1);
        await cluster.PublishAsync(users: 50, events: 200);
        await cluster.RequireAsync(first);
    }

    private static Task<SiloHost> StartAsync(ClusterFixture cluster, SiloTlsOptions? tls) =>
        cluster.StartAsync(change: options => options with
        {
            Tls = tls,
            Membership = silo =>
            {
                options.Membership?.Invoke(silo);
                silo.Configure<ClusterMembershipOptions>(m => m.MaxJoinAttemptTime = TimeSpan.FromSeconds(3));
            },
        });

    private static async Task RequireMembersAsync(SiloHost silo, int count)
    {
        using var limit = new CancellationTokenSource(ClusterFixture.Limit);
        while (ClusterFixture.ActiveOf(silo).Count != count)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }
    }
}
