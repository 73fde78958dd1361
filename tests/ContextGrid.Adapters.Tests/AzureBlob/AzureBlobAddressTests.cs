using ContextGrid.Adapters.AzureBlob;

namespace ContextGrid.Adapters.Tests.AzureBlob;

public sealed class AzureBlobAddressTests
{
    private const string Account = "AccountName=acc;AccountKey=c2VjcmV0IGtleQ==;EndpointSuffix=core.windows.net";

    [Theory]
    [InlineData(Account + ";Container=grid", "https://acc.blob.core.windows.net/grid", "")]
    [InlineData("Container=grid;Prefix=/a/b-1/;" + Account, "https://acc.blob.core.windows.net/grid/a/b-1", "a/b-1/")]
    [InlineData(" " + Account + "; container=grid ;PREFIX=a", "https://acc.blob.core.windows.net/grid/a", "a/")]
    [InlineData("UseDevelopmentStorage=true;Container=grid", "http://127.0.0.1:10000/devstoreaccount1/grid", "")]
    [InlineData(
        "BlobEndpoint=https://h.example/acc;SharedAccessSignature=sv=1&sig=c2VjcmV0;Container=grid",
        "https://h.example/acc/grid",
        "")]
    public void Parse_ConnectionString_HasContainerAndPrefix(string text, string place, string prefix)
    {
        AzureBlobAddress address = AzuriteFixture.Address(text);
        Assert.Equal(
            (place, prefix, "grid", AzureBlobAccess.ConnectionString),
            (address.Place, address.Prefix, address.Container, address.Access));
        Assert.Equal(place, address.ToString());
    }

    [Theory]
    [InlineData("https://acc.blob.core.windows.net/grid", "", AzureBlobAccess.Identity)]
    [InlineData("https://acc.blob.core.windows.net/grid/a/b/", "a/b/", AzureBlobAccess.Identity)]
    [InlineData("https://127.0.0.1:10000/acc/grid/a", "a/", AzureBlobAccess.Identity)]
    [InlineData(
        "https://acc.blob.core.windows.net/grid/a?sv=2021-08-06&sp=racwdl&sig=c2VjcmV0",
        "a/",
        AzureBlobAccess.SharedAccessSignature)]
    public void Parse_Url_TellsWhatGrantsAccess(string text, string prefix, AzureBlobAccess access)
    {
        AzureBlobAddress address = AzuriteFixture.Address(text);
        Assert.Equal((prefix, "grid", access), (address.Prefix, address.Container, address.Access));
        Assert.DoesNotContain("sig", address.Place, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(Account)]
    [InlineData(Account + ";Container=Grid")]
    [InlineData(Account + ";Container=g")]
    [InlineData(Account + ";Container=gr--id")]
    [InlineData(Account + ";Container=grid;Prefix=a b")]
    [InlineData(Account + ";Container=grid;Prefix=a//b")]
    [InlineData("AccountKey=c2VjcmV0IGtleQ==;Container=grid")]
    [InlineData("AccountName=acc;AccountKey=c2VjcmV0 is no base64;Container=grid")]
    [InlineData("c2VjcmV0IGtleQ==;Container=grid")]
    [InlineData("https://acc.blob.core.windows.net/?sig=c2VjcmV0")]
    [InlineData("https://acc.blob.core.windows.net/grid?token=c2VjcmV0")]
    [InlineData("https://user:c2VjcmV0@acc.blob.core.windows.net/grid")]
    [InlineData("http://acc.blob.core.windows.net/grid")]
    public void Parse_NoAddress_SaysTheFormsAndNoSecret(string text)
    {
        Assert.False(AzureBlobAddress.TryParse(text, out AzureBlobAddress? address, out string? error));
        Assert.Null(address);
        Assert.Contains("CONNECTION-STRING;Container=NAME", error, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", error, StringComparison.Ordinal);
    }
}
