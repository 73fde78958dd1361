using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using ContextGrid.Adapters.AzureBlob;
using ContextGrid.Runtime.Checkpoints;

namespace ContextGrid.Adapters.Tests.AzureBlob;

/// <summary>Single requests of a put that are repeated or lose their answers, between library and Azurite.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class AzureBlobPutTests(AzuriteFixture azurite)
{
    private const int OneRequest = 1_000, Blocks = 200_000;

    private readonly string _prefix = azurite.NewPrefix();

    [Theory]
    [InlineData(OneRequest)]
    [InlineData(Blocks)]
    public async Task Put_AnswerToTheWriteIsLost_IsDoneAndWrittenOnce(int bytes)
    {
        var wire = new Wire { LoseAnswers = 1 };
        ISnapshotStore store = await OpenAsync(wire);
        byte[] content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        PutResult put = await store.PutAsync("a", content, PutCondition.Absent, CancellationToken.None);
        SnapshotBlob? blob = await store.GetAsync("a", CancellationToken.None);
        Assert.Equal((PutOutcome.Done, blob?.ETag), (put.Outcome, put.ETag));
        Assert.True(blob?.Content.Span.SequenceEqual(content));
        Assert.Equal(1, wire.Writes);
    }

    [Theory]
    [InlineData(OneRequest)]
    [InlineData(Blocks)]
    public async Task Put_SomethingRepeatsTheRequest_IsDoneDespiteTheRefusal(int bytes)
    {
        ISnapshotStore store = await OpenAsync(new Wire { Repeat = true });
        PutResult absent = await store.PutAsync("a", new byte[bytes], PutCondition.Absent, CancellationToken.None);
        PutResult match = await store.PutAsync(
            "a", new byte[bytes], new PutCondition(false, absent.ETag), CancellationToken.None);
        Assert.Equal([PutOutcome.Done, PutOutcome.Done], [absent.Outcome, match.Outcome]);
        Assert.Equal(match.ETag, (await store.GetAsync("a", CancellationToken.None))?.ETag);
    }

    [Fact]
    public async Task Put_AnswerIsLostAndAnotherHasOverwritten_IsUnknown()
    {
        ISnapshotStore direct = await azurite.OpenAsync(_prefix);
        PutResult first = await direct.PutAsync("a", new byte[1], PutCondition.Absent, CancellationToken.None);
        var wire = new Wire
        {
            LoseAnswers = 1,
            AfterLoss = async () =>
            {
                SnapshotBlob? blob = await direct.GetAsync("a", CancellationToken.None);
                await direct.PutAsync("a", new byte[3], new PutCondition(false, blob?.ETag), CancellationToken.None);
            },
        };
        ISnapshotStore store = await OpenAsync(wire);
        PutResult put = await store.PutAsync(
            "a", new byte[2], new PutCondition(false, first.ETag), CancellationToken.None);
        Assert.Equal(new PutResult(PutOutcome.Unknown, null), put);
        Assert.Equal(3, (await direct.GetAsync("a", CancellationToken.None))?.Content.Length);
    }

    [Fact]
    public async Task Put_CancelledMeanwhile_EndsTheWait()
    {
        ISnapshotStore store = await OpenAsync(new Wire { LoseAnswers = int.MaxValue });
        using var enough = new CancellationTokenSource();
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await store.PutAsync("a", new byte[1], PutCondition.Absent, enough.Token));
    }

    [Fact]
    public async Task Read_Range_IsOneRequest()
    {
        var wire = new Wire();
        ISnapshotStore store = await OpenAsync(wire);
        await store.PutAsync("a", new byte[Blocks], PutCondition.Absent, CancellationToken.None);
        int before = wire.Requests;
        Assert.Equal(150_000, await store.ReadAsync("a", 7, new byte[150_000], CancellationToken.None));
        Assert.Equal(1, wire.Requests - before);
    }

    private async Task<ISnapshotStore> OpenAsync(Wire wire)
    {
        string text = $"{(await azurite.RequireAsync()).ConnectionString};Container=tests;Prefix={_prefix}";
        var client = new BlobClientOptions();
        client.AddPolicy(wire, HttpPipelinePosition.PerRetry);
        AzureBlobSnapshotStore store = await AzureBlobSnapshotStore.OpenAsync(
            AzuriteFixture.Address(text),
            AzuriteFixture.Impatient with { RetriesMax = 4 },
            client,
            TimeProvider.System,
            null,
            CancellationToken.None);
        wire.IsOn = true;
        return store;
    }

    /// <summary>Stands behind the library's own retries, where the signature is made.</summary>
    private sealed class Wire : HttpPipelinePolicy
    {
        private int _requests, _writes, _losses;

        public bool IsOn { get; set; }

        public bool Repeat { get; init; }

        public int LoseAnswers { get; init; }

        public Func<Task> AfterLoss { get; init; } = () => Task.CompletedTask;

        public int Requests => _requests;

        /// <summary>Requests that make a blob; blocks alone do not.</summary>
        public int Writes => _writes;

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
            throw new InvalidOperationException("Everything is asynchronous here.");

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            Interlocked.Increment(ref _requests);
            await ProcessNextAsync(message, pipeline);
            bool isWrite = message.Request.Method == RequestMethod.Put
                && !message.Request.Uri.Query.Contains("comp=block&", StringComparison.Ordinal);
            if (!IsOn || !isWrite)
            {
                return;
            }

            Interlocked.Increment(ref _writes);
            if (Repeat)
            {
                await ProcessNextAsync(message, pipeline);
            }

            if (Interlocked.Increment(ref _losses) <= LoseAnswers)
            {
                await AfterLoss();
                throw new IOException("The answer is lost, as the test wants.");
            }
        }
    }
}
