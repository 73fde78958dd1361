using System.Net.Sockets;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using ContextGrid.Adapters.AzureBlob;
using ContextGrid.Runtime.Checkpoints;
using ContextGrid.TestKit.Parts;

namespace ContextGrid.Adapters.Tests.AzureBlob;

/// <summary>What the service refuses says what to do, and never a secret.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class AzureBlobFailureTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Past = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Future = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Open_WrongKey_IsDenied()
    {
        string key = Convert.ToBase64String(new byte[64]);
        string text = (await azurite.RequireAsync()).ConnectionString.Replace(
            AzuriteProcess.Key, key, StringComparison.Ordinal);
        await RefusedAsync($"{text};Container=tests", "could not be opened: access is denied", key);
    }

    [Fact]
    public async Task Open_SignatureHasAllRights_Works()
    {
        Uri url = await SignAsync("tests", Future, BlobContainerSasPermissions.All);
        string prefix = azurite.NewPrefix();
        ISnapshotStore store = await OpenAsync(Below(url, prefix));
        PutResult put = await store.PutAsync("a/b", new byte[] { 1 }, PutCondition.Absent, CancellationToken.None);
        ISnapshotStore direct = await azurite.OpenAsync(prefix);
        Assert.Equal(put.ETag, (await direct.GetAsync("a/b", CancellationToken.None))?.ETag);
    }

    [Fact]
    public async Task Open_SignatureIsOver_IsDenied()
    {
        Uri url = await SignAsync("tests", Past, BlobContainerSasPermissions.All);
        await RefusedAsync(url.ToString(), "could not be opened: access is denied", Signature(url));
    }

    [Fact]
    public async Task Open_SignatureMayOnlyRead_SaysThatItCannotWrite()
    {
        Uri url = await SignAsync(
            "tests", Future, BlobContainerSasPermissions.Read | BlobContainerSasPermissions.List);
        await RefusedAsync(
            url.ToString(), "could not be written: the identity or signature lacks a permission", Signature(url));
    }

    [Fact]
    public async Task Open_SignatureMayNotDelete_SaysThatItCannotDelete()
    {
        Uri url = await SignAsync(
            "tests", Future, BlobContainerSasPermissions.All & ~BlobContainerSasPermissions.Delete);
        await RefusedAsync(
            url.ToString(), "could not be deleted: the identity or signature lacks a permission", Signature(url));
    }

    [Fact]
    public async Task Open_ContainerIsMissingAndMayNotBeMade_SaysSo()
    {
        Uri url = await SignAsync("nobody-has-made-it", Future, BlobContainerSasPermissions.All);
        await RefusedAsync(url.ToString(), "could not be opened: the container is not there", Signature(url));
    }

    [Fact]
    public async Task Put_LeaseOfAnother_SaysSoAndIsNoConflict()
    {
        string prefix = azurite.NewPrefix();
        ISnapshotStore store = await azurite.OpenAsync(prefix);
        await store.PutAsync("a", new byte[] { 1 }, PutCondition.Always, CancellationToken.None);
        BlobContainerClient container = await azurite.ContainerAsync();
        var lease = new Azure.Storage.Blobs.Specialized.BlobLeaseClient(container.GetBlobClient(prefix + "/a"));
        await lease.AcquireAsync(TimeSpan.FromSeconds(15));
        var refused = await Assert.ThrowsAsync<SnapshotStoreException>(async () =>
            await store.PutAsync("a", new byte[] { 2 }, PutCondition.Always, CancellationToken.None));
        Assert.Contains("somebody holds a lease", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100_000)]
    public async Task Put_NobodyListens_HasDoneNothingAndSaysSo(int bytes)
    {
        ToxicRoute route = await azurite.RouteAsync();
        ISnapshotStore store = await azurite.OpenAsync(azurite.NewPrefix(), route.Port, AzuriteFixture.Impatient);
        await route.EnableAsync(false);
        var away = await Assert.ThrowsAsync<SnapshotStoreException>(async () =>
            await store.PutAsync("a", new byte[bytes], PutCondition.Absent, CancellationToken.None));
        Assert.Contains("the connection ", away.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(AzuriteProcess.Key, away.ToString(), StringComparison.Ordinal);
        await route.EnableAsync(true);
        Assert.Empty(await store.ListAsync("", CancellationToken.None));
    }

    [Theory]
    [InlineData(503, "ServerBusy", true, true)]
    [InlineData(500, "OperationTimedOut", true, true)]
    [InlineData(429, null, true, true)]
    [InlineData(403, "AuthorizationFailure", false, false)]
    [InlineData(400, "InvalidHeaderValue", false, false)]
    [InlineData(409, "BlobImmutableDueToPolicy", false, false)]
    public void Of_StatusOfTheService_IsTriedAgainOrNot(int status, string? code, bool isTransient, bool isUnsure)
    {
        var cause = new RequestFailedException(status, "sig=secret", code, null);
        Assert.Equal(
            (isTransient, isUnsure), (AzureBlobFailure.IsTransient(cause), AzureBlobFailure.IsUnsure(cause)));
        Assert.DoesNotContain(
            "secret", AzureBlobFailure.Of("https://h/c/a", "written", cause).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpRequestError.ConnectionError, false)]
    [InlineData(HttpRequestError.NameResolutionError, false)]
    [InlineData(HttpRequestError.ResponseEnded, true)]
    [InlineData(HttpRequestError.Unknown, true)]
    public void IsUnsure_BrokenConnection_UnlessNothingWasSent(HttpRequestError error, bool isUnsure)
    {
        var http = new HttpRequestException(error, "broken", new SocketException());
        Assert.Equal(isUnsure, AzureBlobFailure.IsUnsure(new RequestFailedException("broken", http)));
    }

    private static string Signature(Uri url) => url.Query.Split("sig=")[1];

    private static string Below(Uri container, string prefix) =>
        new UriBuilder(container) { Path = $"{container.AbsolutePath}/{prefix}" }.Uri.ToString();

    private static ValueTask<AzureBlobSnapshotStore> OpenAsync(string text) => AzureBlobSnapshotStore.OpenAsync(
        AzuriteFixture.Address(text), AzuriteFixture.Impatient, TimeProvider.System, CancellationToken.None);

    private static async Task RefusedAsync(string text, string expected, string secret)
    {
        var refused = await Assert.ThrowsAsync<SnapshotStoreException>(async () => await OpenAsync(text));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, refused.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("sig=", refused.ToString(), StringComparison.Ordinal);
    }

    private async Task<Uri> SignAsync(string container, DateTimeOffset expires, BlobContainerSasPermissions rights)
    {
        await (await azurite.ContainerAsync()).CreateIfNotExistsAsync();
        return (await azurite.ContainerAsync(container)).GenerateSasUri(rights, expires);
    }
}
