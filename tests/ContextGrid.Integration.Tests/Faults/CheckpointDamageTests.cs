using ContextGrid.Client;
using ContextGrid.Integration.Tests.Faults.Damage;

namespace ContextGrid.Integration.Tests.Faults;

/// <summary>
/// Files of the checkpoints are damaged while no server runs. What an older checkpoint and the log make good is made
/// good and said; what they do not is one line that names the file and the way out; nothing is skipped silently.
/// </summary>
public sealed class CheckpointDamageTests(DamagedGrid made) : IClassFixture<DamagedGrid>, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly GridFolder _grid = made.Copy();

    public void Dispose() => _grid.Dispose();

    [Theory]
    [InlineData("flipped")]
    [InlineData("cut")]
    [InlineData("empty")]
    public async Task Manifest_NewestIsDamaged_OlderOneAndLongerTailGiveTheSame(string how)
    {
        string manifest = Newest("manifests");
        FileDamage.Do(manifest, how);
        await made.StartsAndIsWholeAsync(_grid, Path.GetFileName(manifest), "An older checkpoint is looked for");
    }

    [Theory]
    [InlineData("index")]
    [InlineData("footer")]
    [InlineData("cut")]
    [InlineData("missing")]
    public async Task Segment_OfNewestManifestIsDamaged_OlderOneAndLongerTailGiveTheSame(string what)
    {
        string segment = Newest("segments");
        FileDamage.Do(segment, what);
        await made.StartsAndIsWholeAsync(_grid, Path.GetFileName(segment), "An older checkpoint is looked for");
    }

    [Fact]
    public async Task Manifest_AllAreDamaged_IsRefusedUntilRebuild()
    {
        foreach (string manifest in Directory.GetFiles(
            Checkpoints("manifests"), "*", SearchOption.AllDirectories))
        {
            FileDamage.Do(manifest, "flipped");
        }

        DamagedGrid.Refused(
            await _grid.RunAsync(), "can't be used", Path.GetFileName(Newest("manifests")), "--rebuild");
        await made.StartsAndIsWholeAsync(_grid, "put aside", "--rebuild");
    }

    /// <summary>A record is damaged that the newest checkpoint needs: it is named at the start, or when it is needed.
    /// </summary>
    [Fact]
    public async Task Segment_RecordIsDamaged_IsNamedAndRebuildGivesTheSame()
    {
        string segment = Newest("segments");
        FileDamage.Do(segment, "record");
        await using (ServerProcess server = _grid.Begin())
        {
            if (await ListensAsync(server))
            {
                using ContextGridClient client = GridFolder.Connect(server);
                await Assert.ThrowsAsync<ContextGridException>(() => made.ReadAllAsync(client));
            }
            else
            {
                Assert.Equal(1, await server.WaitForExitAsync(Patience));
            }

            Assert.Contains(Path.GetFileName(segment), server.Output, StringComparison.Ordinal);
        }

        await made.StartsAndIsWholeAsync(_grid, "put aside", "--rebuild");
    }

    private string Checkpoints(string folder) => Path.Combine(_grid.Data, "checkpoints", folder);

    private string Newest(string folder) =>
        Directory.GetFiles(Checkpoints(folder), "*", SearchOption.AllDirectories).MaxBy(f => f, StringComparer.Ordinal)
        ?? throw new InvalidOperationException($"There are no {folder}.");

    private static async Task<bool> ListensAsync(ServerProcess server)
    {
        try
        {
            await server.ListeningAsync();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
