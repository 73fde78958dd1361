using ContextGrid.Adapters.SchemaRegistry;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.Tests.SchemaRegistry;

public sealed class SchemaRegistryClientTests : IDisposable
{
    private const string Record = """{"type":"record","name":"A","fields":[]}""";

    private readonly ScriptedRegistry _registry = new();
    private readonly ShiftedTime _time = new();

    public void Dispose() => _registry.Dispose();

    [Fact]
    public async Task Get_ManyAtOnceAndLater_AsksOnce()
    {
        using SchemaRegistryClient client = Client();
        _registry.Add(1, Record);
        _registry.Gate = new TaskCompletionSource();
        Task<RegistrySchema?>[] all =
            [.. Enumerable.Range(0, 50).Select(_ => client.GetAsync(1, CancellationToken.None).AsTask())];
        _registry.Gate.SetResult();

        Assert.All(await Task.WhenAll(all), s => Assert.Equal(Record, s?.Text));
        Assert.NotNull(await client.GetAsync(1, CancellationToken.None));
        Assert.Equal(1, client.Requests);
    }

    [Fact]
    public async Task Get_CallerGivesUp_OthersStillGetTheAnswer()
    {
        using SchemaRegistryClient client = Client();
        _registry.Add(1, Record);
        _registry.Gate = new TaskCompletionSource();
        using var giveUp = new CancellationTokenSource();
        Task<RegistrySchema?> impatient = client.GetAsync(1, giveUp.Token).AsTask();
        Task<RegistrySchema?> patient = client.GetAsync(1, CancellationToken.None).AsTask();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        _registry.Gate.SetResult();
        Assert.NotNull(await patient);
    }

    [Fact]
    public async Task Get_UnknownId_IsRememberedForAWhile()
    {
        using SchemaRegistryClient client = Client();
        Assert.Null(await client.GetAsync(7, CancellationToken.None));
        Assert.Null(await client.GetAsync(7, CancellationToken.None));
        Assert.Equal(1, client.Requests);

        _registry.Add(7, Record);
        _time.Shift += TimeSpan.FromSeconds(31);
        Assert.NotNull(await client.GetAsync(7, CancellationToken.None));
    }

    [Fact]
    public async Task Get_MoreUnknownIdsThanAreKept_ForgetsSome()
    {
        using SchemaRegistryClient client = Client();
        await Parallel.ForAsync(0, SchemaRegistryClient.UnknownMax + 200, new ParallelOptions
        {
            MaxDegreeOfParallelism = 16,
        }, async (id, token) => Assert.Null(await client.GetAsync(id, token)));
        Assert.InRange(client.UnknownCount, SchemaRegistryClient.UnknownMax / 2, SchemaRegistryClient.UnknownMax + 16);
    }

    [Theory]
    [InlineData(404, "<html>not found</html>")]
    [InlineData(404, "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}")]
    [InlineData(500, "{\"error_code\":50001}")]
    [InlineData(503, "")]
    [InlineData(302, "")]
    [InlineData(200, "<html>welcome</html>")]
    [InlineData(200, "{}")]
    public async Task Get_AnswerIsNotARegistrys_IsUnavailableAndNeverUnknown(int status, string body)
    {
        using SchemaRegistryClient client = Client();
        for (int i = 0; i < 3; i++)
        {
            _registry.Next.Enqueue((status, body));
        }

        await Assert.ThrowsAsync<SchemaUnavailableException>(() => client.GetAsync(1, default).AsTask());
        Assert.Equal(0, client.UnknownCount);
        _registry.Next.Clear();
        _registry.Add(1, Record);
        Assert.NotNull(await client.GetAsync(1, CancellationToken.None));
    }

    [Fact]
    public async Task Get_FailsTwice_IsRepeatedAndSucceeds()
    {
        using SchemaRegistryClient client = Client();
        _registry.Add(1, Record);
        _registry.Next.Enqueue((503, ""));
        _registry.Next.Enqueue((429, ""));
        Assert.NotNull(await client.GetAsync(1, CancellationToken.None));
        Assert.Equal(3, client.Requests);
    }

    [Fact]
    public async Task Get_Refused_SaysWhatToCheckAndNoSecret()
    {
        using SchemaRegistryClient client = Client("reader:sesame");
        _registry.Next.Enqueue((401, "{\"error_code\":40101}"));
        SchemaUnavailableException e =
            await Assert.ThrowsAsync<SchemaUnavailableException>(() => client.GetAsync(1, default).AsTask());
        Assert.Contains("CONTEXTGRID_SCHEMA_REGISTRY_AUTH", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", e.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, client.Requests);
    }

    [Fact]
    public async Task Get_Credentials_AreSentAsBasicBearerOrFromTheFileOfTheMoment()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "reader:sesame\n");
        using (SchemaRegistryClient client = Client("@" + file))
        {
            await client.GetAsync(1, default);
            await File.WriteAllTextAsync(file, "a.b.c");
            await client.GetAsync(2, default);
        }

        File.Delete(file);
        Assert.Equal(["Basic cmVhZGVyOnNlc2FtZQ==", "Bearer a.b.c"], _registry.Asked.Select(a => a.Authorization));
        Assert.Throws<ArgumentException>(() => RegistryCredentials.Parse("@" + file));
        string shown = RegistryCredentials.Parse("reader:sesame").ToString();
        Assert.DoesNotContain("sesame", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost:8081")]
    [InlineData("ftp://registry")]
    [InlineData("http://user:secret@registry:8081")]
    public void ParseAddress_NoAddressOrASecretInIt_IsRefused(string text)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => SchemaRegistryOptions.ParseAddress(text));
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    private SchemaRegistryClient Client(string? credentials = null) => new(
        new SchemaRegistryOptions
        {
            Address = _registry.Address,
            RetryDelay = TimeSpan.FromMilliseconds(1),
            Credentials = RegistryCredentials.Parse(credentials),
        },
        _time);

    /// <summary>The real clock, moved on by the test.</summary>
    private sealed class ShiftedTime : TimeProvider
    {
        internal TimeSpan Shift { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Shift.TotalSeconds * TimestampFrequency);
    }
}
