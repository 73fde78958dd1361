using System.IO.Compression;
using System.Text;
using ContextGrid.Contracts.Compression;

namespace ContextGrid.Client.Tests;

/// <summary>Gzip is taken whole or not at all, however it is cut and however its bytes arrive.</summary>
public sealed class WholeGzipStreamTests
{
    private const string Early = "It is damaged gzip: it ends too early.";

    private static readonly byte[] Plain = Encoding.UTF8.GetBytes(
        string.Concat(Enumerable.Range(0, 400).Select(i => $"line {i} of {i * 7919 % 1000}\n")));

    public static TheoryData<CompressionLevel, int, bool> Ways => new(
        from level in Enum.GetValues<CompressionLevel>()
        from chunk in new[] { 1, 7, 8192, 1 << 20 }
        from isAsync in new[] { false, true }
        select (level, chunk, isAsync));

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Read_WholeInOneOrSeveralMembers_GivesTheContent(CompressionLevel level, int chunk, bool isAsync)
    {
        byte[] one = Pack(Plain, level), nothing = Pack([], CompressionLevel.Fastest);
        Assert.Equal(Plain, await ReadAsync(one, chunk, isAsync));
        byte[] both = [.. Plain, .. Plain];
        Assert.Equal(both, await ReadAsync([.. one, .. one], chunk, isAsync));
        Assert.Equal(Plain, await ReadAsync([.. EmptyMember, .. one, .. EmptyMember], chunk, isAsync));
        Assert.Equal(Plain, await ReadAsync([.. one, .. nothing], chunk, isAsync));
        Assert.Empty(await ReadAsync(EmptyMember, chunk, isAsync));
    }

    [Theory]
    [InlineData(false, 8192)]
    [InlineData(true, 8192)]
    [InlineData(false, 1)]
    public async Task Read_CutAnywhere_GivesAPrefixAndSaysThatItEndsTooEarly(bool isAsync, int chunk)
    {
        foreach (CompressionLevel level in Enum.GetValues<CompressionLevel>())
        {
            byte[] whole = Pack(Plain[..700], level);
            for (int length = 0; length < whole.Length; length++)
            {
                await RequireEarlyAsync(whole[..length], Plain[..700], chunk, isAsync);
                if (length > 0)
                {
                    await RequireEarlyAsync(
                        [.. whole, .. whole[..length]], [.. Plain[..700], .. Plain[..700]], chunk, isAsync);
                }
            }
        }
    }

    [Fact]
    public async Task Read_CutAfterAFlush_GivesWhatWasFlushedAndSaysThatItEndsTooEarly()
    {
        using var packed = new MemoryStream();
        await using var gzip = new GZipStream(packed, CompressionLevel.Fastest);
        gzip.Write(Plain);
        gzip.Flush();
        (byte[] read, InvalidDataException? fault) = await TryReadAsync(packed.ToArray(), 8192, isAsync: true);
        Assert.Equal(Plain, read);
        Assert.Equal(Early, fault?.Message);
    }

    [Fact]
    public async Task Read_HeaderWithEveryOptionalPart_IsWholeOrCut()
    {
        byte[] member = [.. EmptyMember];

        // Extra field, name, comment and header checksum (RFC 1952, 2.3.1); zlib checks the last.
        byte[] head = [0x1F, 0x8B, 8, 4 | 8 | 16, 0, 0, 0, 0, 0, 255, 3, 0, 1, 2, 3, (byte)'n', 0, (byte)'c', 0];
        byte[] whole = [.. head, .. member[10..]];
        Assert.Empty(await ReadAsync(whole, 8192, isAsync: false));
        for (int length = 1; length < whole.Length; length++)
        {
            await RequireEarlyAsync(whole[..length], [], 8192, isAsync: false);
        }
    }

    [Theory]
    [InlineData(new byte[] { 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0x1F })]
    [InlineData(new byte[] { 0x1F, 0x8C, 8 })]
    [InlineData(new byte[] { (byte)'{', (byte)'}', (byte)'\n' })]
    public async Task Read_SomethingBehindTheEnd_IsRefused(byte[] behind)
    {
        foreach (int chunk in new[] { 1, 2, 3, 8192 })
        {
            (byte[] read, InvalidDataException? fault) = await TryReadAsync(
                [.. Pack(Plain, CompressionLevel.Fastest), .. behind], chunk, isAsync: false);
            Assert.Equal(Plain, read);
            Assert.NotNull(fault);
            Assert.True(
                fault.Message is Early or "It is gzip with something behind its end that is not gzip."
                    or "It is damaged gzip: its content, a checksum or what follows its end is wrong.",
                fault.Message);
        }
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3, 4 })]
    [InlineData(new byte[] { (byte)'{', (byte)'}' })]
    [InlineData(new byte[] { 0x50, 0x4B, 3, 4, 20, 0, 0, 0, 8, 0, 0, 0 })]
    public async Task Read_NoGzip_IsNamedSo(byte[] bytes) =>
        Assert.Equal("It is not gzip.", (await TryReadAsync(bytes, 8192, isAsync: true)).Fault?.Message);

    [Fact]
    public async Task Read_WrongChecksumOrLength_IsDamaged()
    {
        byte[] whole = Pack(Plain, CompressionLevel.Fastest);
        for (int at = whole.Length - 8; at < whole.Length; at++)
        {
            byte[] wrong = [.. whole];
            wrong[at] ^= 0x40;
            Assert.Equal(
                "It is damaged gzip: its content, a checksum or what follows its end is wrong.",
                (await TryReadAsync(wrong, 8192, isAsync: false)).Fault?.Message);
        }
    }

    [Fact]
    public async Task Read_AfterTheEndOrAFault_GivesTheSameAgain()
    {
        byte[] whole = Pack(Plain, CompressionLevel.Fastest);
        await using var ended = new WholeGzipStream(new MemoryStream(whole), "It");
        await ended.CopyToAsync(Stream.Null);
        Assert.Equal(0, ended.Read(new byte[10]));
        await using var cut = new WholeGzipStream(new MemoryStream(whole[..^1]), "It");
        await Assert.ThrowsAsync<InvalidDataException>(() => cut.CopyToAsync(Stream.Null));
        Assert.Equal(Early, Assert.Throws<InvalidDataException>(() => cut.Read(new byte[10])).Message);
    }

    [Fact]
    public async Task Read_RandomContentCutAtRandom_NeverGivesMoreThanWasPacked()
    {
        const int Seed = 20_261_130;
        var random = new Random(Seed);
        for (int round = 0; round < 2_000; round++)
        {
            byte[] content = new byte[random.Next(0, 3_000)];
            random.NextBytes(content);
            for (int i = 0; i < content.Length && round % 2 == 0; i++)
            {
                content[i] = (byte)('a' + (content[i] % 3));
            }

            byte[] packed = Pack(content, (CompressionLevel)random.Next(4));
            packed = packed.Length == 0 ? EmptyMember : packed;
            byte[] cut = packed[..random.Next(packed.Length)];
            (byte[] read, InvalidDataException? fault) = await TryReadAsync(cut, random.Next(1, 5_000), round % 3 == 0);
            Assert.True(fault?.Message == Early, $"seed {Seed}, round {round}: {fault?.Message}");
            Assert.True(content.AsSpan().StartsWith(read), $"seed {Seed}, round {round}");
        }
    }

    // What gzip makes of an empty file; the platform's stream writes nothing at all.
    private static byte[] EmptyMember => [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private static async Task RequireEarlyAsync(byte[] packed, byte[] content, int chunk, bool isAsync)
    {
        (byte[] read, InvalidDataException? fault) = await TryReadAsync(packed, chunk, isAsync);
        Assert.True(fault?.Message == Early, $"{packed.Length} bytes: {fault?.Message}");
        Assert.True(content.AsSpan().StartsWith(read), $"{packed.Length} bytes give what was not packed.");
    }

    private static async Task<byte[]> ReadAsync(byte[] packed, int chunk, bool isAsync)
    {
        (byte[] read, InvalidDataException? fault) = await TryReadAsync(packed, chunk, isAsync);
        Assert.Null(fault);
        return read;
    }

    private static async Task<(byte[] Read, InvalidDataException? Fault)> TryReadAsync(
        byte[] packed, int chunk, bool isAsync)
    {
        using var plain = new MemoryStream();
        await using var gzip = new WholeGzipStream(new ChunkedStream(packed, chunk), "It");
        byte[] buffer = new byte[Math.Min(chunk, 4096)];
        try
        {
            int read;
            while ((read = isAsync ? await gzip.ReadAsync(buffer.AsMemory()) : gzip.Read(buffer.AsSpan())) > 0)
            {
                plain.Write(buffer, 0, read);
            }

            return (plain.ToArray(), null);
        }
        catch (InvalidDataException e)
        {
            return (plain.ToArray(), e);
        }
    }

    private static byte[] Pack(byte[] content, CompressionLevel level)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, level))
        {
            gzip.Write(content);
        }

        return packed.ToArray();
    }

    /// <summary>Gives at most so many bytes a read.</summary>
    private sealed class ChunkedStream(byte[] bytes, int chunk) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(chunk, buffer.Length)]);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }
}
