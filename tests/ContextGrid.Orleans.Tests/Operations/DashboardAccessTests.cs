using System.Text;
using ContextGrid.Orleans.Operations;

namespace ContextGrid.Orleans.Tests.Operations;

/// <summary>What an operator may write about the dashboard, and which headers pass.</summary>
public sealed class DashboardAccessTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void TryParse_FileWithAPassword_TakesThatPasswordOnly()
    {
        File.WriteAllText(_file, "se:cret ü\n");
        Assert.True(DashboardAccess.TryParse("@" + _file, out DashboardAccess? access, out _));
        Assert.False(access.IsOpen);
        Assert.Equal("password", access.ToString());
        Assert.True(access.IsPassword(Basic("anybody:se:cret ü")));
        Assert.True(access.IsPassword(Basic(":se:cret ü").Replace("Basic", "basic", StringComparison.Ordinal)));
        Assert.False(access.IsPassword(Basic("anybody:se:cret")));
        Assert.False(access.IsPassword(Basic("anybody:se:cret ü\n")));
        Assert.False(access.IsPassword(Basic("se")));
        Assert.False(access.IsPassword(Basic("")));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("Basic %%%")]
    [InlineData("Bearer")]
    [InlineData("Bearer word2")]
    [InlineData("Digest word")]
    [InlineData("word")]
    public void IsPassword_OtherHeaders_IsFalse(string? header)
    {
        File.WriteAllText(_file, "word");
        Assert.True(DashboardAccess.TryParse("@" + _file, out DashboardAccess? access, out _));
        Assert.True(access.IsPassword("Bearer word"));
        Assert.False(access.IsPassword(header));
    }

    [Fact]
    public void TryParse_EnvironmentVariable_IsRead()
    {
        const string Name = "CONTEXTGRID_TEST_DASHBOARD";
        Environment.SetEnvironmentVariable(Name, "word");
        Assert.True(DashboardAccess.TryParse("env:" + Name, out DashboardAccess? access, out _));
        Assert.True(access.IsPassword("Bearer word"));
        Environment.SetEnvironmentVariable(Name, null);
        Assert.False(DashboardAccess.TryParse("env:" + Name, out _, out string? error));
        Assert.Contains(Name, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("env:")]
    [InlineData("@")]
    [InlineData("@no/such/file")]
    [InlineData("Pa55word")]
    [InlineData("Open")]
    public void TryParse_NoPassword_SaysSoWithoutASecret(string text)
    {
        Assert.False(DashboardAccess.TryParse(text, out DashboardAccess? access, out string? error));
        Assert.Null(access);
        Assert.DoesNotContain("Pa55word", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_EmptyFile_IsNotAnEmptyPassword()
    {
        Assert.False(DashboardAccess.TryParse("@" + _file, out _, out string? error));
        Assert.Contains(_file, error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_Open_HasNoPassword()
    {
        Assert.True(DashboardAccess.TryParse("open", out DashboardAccess? access, out _));
        Assert.True(access.IsOpen);
        Assert.False(access.IsPassword("Bearer "));
    }

    private static string Basic(string text) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
