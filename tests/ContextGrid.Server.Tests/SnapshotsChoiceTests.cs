using ContextGrid.Runtime.Checkpoints;
using ContextGrid.Runtime.Embedded;

namespace ContextGrid.Server.Tests;

/// <summary>What <c>--snapshots</c> and its variable may say, and that no secret comes back out.</summary>
public sealed class SnapshotsChoiceTests : IDisposable
{
    private const string Connection =
        "AccountName=acc;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net;Container=grid";
    private const string Place = "https://acc.blob.core.windows.net/grid";

    private readonly string _root = Directory.CreateTempSubdirectory("contextgrid-snapshots-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Parse_Directory_OpensThere()
    {
        string path = Path.Combine(_root, "elsewhere");
        SnapshotPlace place = Choose(path).ToPlace(TimeProvider.System);
        ISnapshotStore store = await place.OpenAsync(CancellationToken.None);
        await store.PutAsync("a", new byte[1], PutCondition.Absent, CancellationToken.None);
        Assert.Equal((path, TimeSpan.Zero), (place.Name, place.GarbageGrace));
        Assert.True(File.Exists(Path.Combine(path, "a")));
    }

    [Fact]
    public void Parse_AzureFileAndVariable_MeanTheSame()
    {
        string file = Path.Combine(_root, "connection");
        File.WriteAllText(file, Connection + "\n");
        string variable = $"CONTEXTGRID_TEST_{Guid.NewGuid():N}";
        Environment.SetEnvironmentVariable(variable, "azure:@" + file);
        foreach (string text in (string[])["azure:" + Connection, "azure:@" + file, "env:" + variable])
        {
            SnapshotsChoice choice = Choose(text);
            SnapshotPlace place = choice.ToPlace(TimeProvider.System);
            Assert.Equal(Place, place.Name);
            Assert.True(place.GarbageGrace > TimeSpan.Zero);
            Assert.DoesNotContain("c2VjcmV0", choice + place.ToString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("azure:")]
    [InlineData("azure:AccountKey=c2VjcmV0;Container=grid")]
    [InlineData("azure:https://acc.blob.core.windows.net/?sig=c2VjcmV0")]
    [InlineData("azure:@no-such-file")]
    [InlineData("env:")]
    [InlineData("env:CONTEXTGRID_NO_SUCH_VARIABLE")]
    public void Parse_NothingThatCanBeUsed_IsWrongUseWithoutSecrets(string text)
    {
        Assert.False(SnapshotsChoice.TryParse(text, out _, out string? error));
        Assert.DoesNotContain("c2VjcmV0", error, StringComparison.Ordinal);
    }

    private static SnapshotsChoice Choose(string text) =>
        SnapshotsChoice.TryParse(text, out SnapshotsChoice? choice, out string? error)
            ? choice
            : throw new InvalidOperationException(error);
}
