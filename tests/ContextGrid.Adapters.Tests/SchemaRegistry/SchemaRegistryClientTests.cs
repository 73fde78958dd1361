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
        Task<RegistryReply>[] all =
            [.. Enumerable.Range(0, 50).Select(_ => client.GetAsync(new SchemaId(1), CancellationToken.None).AsTask())];
        _registry.Gate.SetResult();

        Assert.All(await Task.WhenAll(all), r => Assert.Equal(Record, r.Schema?.Text));
        Assert.NotNull((await client.GetAsync(new SchemaId(1), CancellationToken.None)).Schema);
        Assert.Equal(1, client.Requests);
    }

    [Fact]
    public async Task Get_CallerGivesUp_OthersStillGetTheAnswer()
    {
        using SchemaRegistryClient client = Client();
        _registry.Add(1, Record);
        _registry.Gate = new TaskCompletionSource();
        using var giveUp = new CancellationTokenSource();
        Task<RegistryReply> impatient = client.GetAsync(new SchemaId(1), giveUp.Token).AsTask();
        Task<RegistryReply> patient = client.GetAsync(new SchemaId(1), CancellationToken.None).AsTask();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        _registry.Gate.SetResult();
        Assert.NotNull((await patient).Schema);
    }

    [Fact]
    public async Task Get_UnknownId_IsRememberedForAWhile()
    {
        using SchemaRegistryClient client = Client();
        Assert.Null((await client.GetAsync(new SchemaId(7), CancellationToken.None)).Schema);
        Assert.Null((await client.GetAsync(new SchemaId(7), CancellationToken.None)).Schema);
        Assert.Equal(1, client.Requests);

        _registry.Add(7, Record);
        _time.Shift += TimeSpan.FromSeconds(31);
        Assert.NotNull((await client.GetAsync(new SchemaId(7), CancellationToken.None)).Schema);
    }

    [Fact]
    public async Task Get_MoreUnknownIdsThanAreKept_ForgetsSome()
    {
        using SchemaRegistryClient client = Client();
        await Parallel.ForAsync(0, SchemaRegistryClient.RefusedMax + 200, new ParallelOptions
        {
            MaxDegreeOfParallelism = 16,
        }, async (id, token) => Assert.Null((await client.GetAsync(new SchemaId(id), token)).Schema));
        Assert.InRange(client.RefusedCount, SchemaRegistryClient.RefusedMax / 2, SchemaRegistryClient.RefusedMax + 16);
    }

    [Theory]
    [InlineData(404, "<html>not found</html>")]
    [InlineData(404, "{\"message\":\"no Route matched with those values\"}")]
    [InlineData(403, "{\"error_code\":40301,\"message\":\"denied\"}")]
    [InlineData(408, "{\"error_code\":40801}")]
    [InlineData(500, "{\"error_code\":50001}")]
    [InlineData(503, "")]
    [InlineData(302, "")]
    [InlineData(200, "<html>welcome</html>")]
    [InlineData(200, "{}")]
    [InlineData(200, "[]")]
    [InlineData(200, "{\"schema\":\"{\\\"type\\\":")]
    public async Task Get_AnswerIsNotARegistrys_IsUnavailableAndNeverUnknown(int status, string body)
    {
        using SchemaRegistryClient client = Client();
        // What the address answers to every question, also whether it is a registry.
        for (int i = 0; i < 6; i++)
        {
            _registry.Next.Enqueue((status, body));
        }

        await Assert.ThrowsAsync<SchemaUnavailableException>(() => client.GetAsync(new SchemaId(1), default).AsTask());
        Assert.Equal(0, client.RefusedCount);
        _registry.Next.Clear();
        _registry.Add(1, Record);
        Assert.NotNull((await client.GetAsync(new SchemaId(1), CancellationToken.None)).Schema);
    }

    [Theory]
    [InlineData(404, "{\"error_code\":40403,\"message\":\"Schema 1 not found\"}")]
    [InlineData(404, "{\"error_code\":404,\"message\":\"No content with id/hash 1 was found.\"}")]
    [InlineData(404, "{\"error_code\":\"40403\"}")]
    [InlineData(404, "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}")]
    [InlineData(404, "{\"status\":404,\"title\":\"No content with id 1 was found.\"}")]
    [InlineData(404, "")]
    [InlineData(410, "{\"error_code\":41001}")]
    [InlineData(422, "{\"error_code\":42201,\"message\":\"The id is out of range.\"}")]
    public async Task Get_RegistrySaysNoInAnyForm_IsAnAnswerForAWhile(int status, string body)
    {
        using SchemaRegistryClient client = Client();
        _registry.Next.Enqueue((status, body));
        Assert.Equal(default, await client.GetAsync(new SchemaId(1), CancellationToken.None));
        Assert.Equal(1, client.RefusedCount);

        _registry.Add(1, Record);
        _time.Shift += TimeSpan.FromSeconds(31);
        Assert.NotNull((await client.GetAsync(new SchemaId(1), CancellationToken.None)).Schema);
    }

    [Fact]
    public async Task Get_LanguageIsNotReadHere_IsAnAnswerForAWhile()
    {
        using SchemaRegistryClient client = Client();
        _registry.Add(1, "<schema/>", "XSD");
        RegistryReply reply = await client.GetAsync(new SchemaId(1), CancellationToken.None);
        Assert.Null(reply.Schema);
        Assert.Contains("'XSD'", reply.Refusal, StringComparison.Ordinal);

        _registry.Add(1, Record, "avro");
        _time.Shift += TimeSpan.FromSeconds(31);
        Assert.Equal(
            RegistrySchemaType.Avro, (await client.GetAsync(new SchemaId(1), CancellationToken.None)).Schema?.Type);
    }

    [Theory]
    [InlineData("{\"schema\":null}", "$.schema")]
    [InlineData("{\"schema\":5}", "$.schema")]
    [InlineData("{\"schema\":{\"type\":\"record\"}}", "$.schema")]
    [InlineData("{\"schema\":\"\",\"schemaType\":5}", "$.schemaType")]
    [InlineData("{\"schema\":\"\",\"references\":[null]}", "$.references")]
    [InlineData("{\"schema\":\"\",\"references\":{}}", "$.references")]
    [InlineData("{\"schema\":\"\",\"references\":[{\"version\":\"1\"}]}", "$.references[0].version")]
    [InlineData("{\"schema\":\"\",\"references\":[{\"version\":null}]}", "$.references[0].version")]
    public async Task Get_AnswerHasAnotherForm_IsAnAnswerForAWhile(string body, string part)
    {
        using SchemaRegistryClient client = Client();
        _registry.Next.Enqueue((200, body));
        RegistryReply reply = await client.GetAsync(new SchemaId(1), CancellationToken.None);
        Assert.Null(reply.Schema);
        Assert.Contains($"'{part}'", reply.Refusal, StringComparison.Ordinal);

        _registry.Add(1, Record);
        _time.Shift += TimeSpan.FromSeconds(31);
        Assert.NotNull((await client.GetAsync(new SchemaId(1), CancellationToken.None)).Schema);
    }

    [Fact]
    public async Task Get_AnswerIsTooLarge_IsAnAnswerThatSaysTheLimit()
    {
        using SchemaRegistryClient client = Client();
        _registry.Add(1, new string(' ', RegistryRequests.AnswerBytesMax));
        RegistryReply reply = await client.GetAsync(new SchemaId(1), CancellationToken.None);
        Assert.Contains("16 MiB", reply.Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_AnswerHasAByteOrderMark_IsRead()
    {
        using SchemaRegistryClient client = Client();
        _registry.Next.Enqueue((200, "\uFEFF{\"schema\":\"x\"}"));
        Assert.Equal("x", (await client.GetAsync(new SchemaId(1), CancellationToken.None)).Schema?.Text);
    }

    [Fact]
    public async Task Get_ReferenceIsMissing_IsAnAnswerForAWhile()
    {
        using SchemaRegistryClient client = Client();
        _registry.Add(1, Record, null, ("a.B", Record));
        _registry.Remove("/subjects/a.B/versions/1");
        RegistryReply reply = await client.GetAsync(new SchemaId(1), CancellationToken.None);
        Assert.Null(reply.Schema);
        Assert.Contains("version 1 of 'a.B'", reply.Refusal, StringComparison.Ordinal);

        _registry.Add(1, Record, null, ("a.B", Record));
        _time.Shift += TimeSpan.FromSeconds(31);
        Assert.NotNull((await client.GetAsync(new SchemaId(1), CancellationToken.None)).Schema);
    }

    [Fact]
    public async Task Get_ReferenceGivesNoAnswer_IsUnavailable()
    {
        using SchemaRegistryClient client = Client();
        _registry.Add(1, Record, null, ("a.B", Record));
        _registry.Fail("/subjects/a.B/versions/1");
        await Assert.ThrowsAsync<SchemaUnavailableException>(
            () => client.GetAsync(new SchemaId(1), default).AsTask());
        Assert.Equal(0, client.RefusedCount);
    }

    [Fact]
    public async Task Get_FailsTwice_IsRepeatedAndSucceeds()
    {
        using SchemaRegistryClient client = Client();
        _registry.Add(1, Record);
        _registry.Next.Enqueue((503, ""));
        _registry.Next.Enqueue((429, ""));
        Assert.NotNull((await client.GetAsync(new SchemaId(1), CancellationToken.None)).Schema);
        Assert.Equal(3, client.Requests);
    }

    [Fact]
    public async Task Get_Refused_SaysWhatToCheckAndNoSecret()
    {
        using SchemaRegistryClient client = Client("reader:sesame");
        _registry.Next.Enqueue((401, "{\"error_code\":40101}"));
        SchemaUnavailableException e =
            await Assert.ThrowsAsync<SchemaUnavailableException>(
                () => client.GetAsync(new SchemaId(1), default).AsTask());
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
            await client.GetAsync(new SchemaId(1), default);
            await File.WriteAllTextAsync(file, "a.b.c");
            await client.GetAsync(new SchemaId(2), default);
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
