using System.Buffers.Binary;
using System.Text;
using ContextGrid.Adapters.SchemaRegistry;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.Tests.SchemaRegistry;

/// <summary>An event whose schemas are in a scripted registry, with the decoder of the product.</summary>
internal sealed class SchemaEvents : IDisposable
{
    /// <summary>2026-01-31T12:00:00Z.</summary>
    internal const long NowMs = 1_769_860_800_000;

    private readonly SchemaRegistryClient _client;
    private readonly IEventDecoder _decoder;

    /// <param name="format">Such as <c>avro</c>.</param>
    /// <param name="fields">Such as <c>amount: double</c>; every field is used, and <c>key</c> is added.</param>
    internal SchemaEvents(string format, params string[] fields)
    {
        Definitions = Define(format, "", fields);
        _client = ClientOf(Registry.Address);
        _decoder = new SchemaDecoders(_client).Create(Definitions, 0);
        Record = new EventRecord(Definitions.Events[0].Fields.Length);
    }

    internal ScriptedRegistry Registry { get; } = new();

    internal DefinitionSet Definitions { get; }

    internal EventRecord Record { get; }

    internal static SchemaRegistryClient ClientOf(Uri address) => new(
        new SchemaRegistryOptions { Address = address, RetryDelay = TimeSpan.FromMilliseconds(1) },
        TimeProvider.System);

    /// <summary>Definitions of one event, <c>order</c> in the topic <c>orders</c>.</summary>
    internal static DefinitionSet Define(string format, string more, params string[] fields)
    {
        var yaml = new StringBuilder(
            $"version: 1\nevents:\n  order:\n    topic: orders\n    format: {format}\n{more}    fields:\n");
        yaml.Append("      key: string\n");
        foreach (string field in fields)
        {
            yaml.Append("      ").Append(field).Append('\n');
        }

        yaml.Append("entities:\n  user:\n    from: {order: key}\n    features:\n      all: order | count()\n");
        for (int i = 0; i < fields.Length; i++)
        {
            string name = fields[i][..fields[i].LastIndexOf(':')];
            yaml.Append($"      f{i}: \"order | count(`{name}`)\"\n");
        }

        DefinitionReadResult read = DefinitionFiles.Parse("test.yaml", yaml.ToString());
        return read.Set ?? throw new InvalidOperationException(string.Join('\n', read.Errors));
    }

    internal static byte[] Frame(int id, byte[] payload)
    {
        byte[] framed = [0, 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), id);
        return framed;
    }

    /// <summary>Makes the schema of a payload ready and decodes it, in the middle of a larger buffer.</summary>
    internal async Task<DecodeResult> DecodeAsync(int id, byte[] payload)
    {
        byte[] framed = Frame(id, payload);
        await PrepareAsync(framed);
        return Decode(framed);
    }

    internal ValueTask PrepareAsync(params byte[][] payloads) =>
        _decoder.PrepareAsync(new Payloads(payloads), CancellationToken.None);

    internal DecodeResult Decode(byte[] framed) => DecodeRecord(framed, []);

    /// <summary>Makes the schema of a record ready, and decodes it.</summary>
    /// <param name="payload">The payload, in a frame or not.</param>
    /// <param name="header">Name and value of its one header.</param>
    internal async Task<DecodeResult> DecodeAsync(byte[] payload, string header, byte[] value)
    {
        byte[] name = Encoding.UTF8.GetBytes(header);
        byte[] headers = [(byte)name.Length, 0, .. name, (byte)value.Length, 0, 0, 0, .. value];
        await _decoder.PrepareAsync(new Payloads([payload]) { AllHeaders = headers }, CancellationToken.None);
        return DecodeRecord(payload, headers);
    }

    private DecodeResult DecodeRecord(byte[] framed, byte[] headers)
    {
        byte[] buffer = [1, 1, .. framed, 1, 1, 1];
        return _decoder.Decode(buffer, 2, framed.Length, headers, NowMs, Record);
    }

    /// <summary>Decodes a payload in place, without a buffer of its own.</summary>
    internal DecodeResult DecodeInPlace(byte[] framed) => _decoder.Decode(framed, 0, framed.Length, NowMs, Record);

    /// <summary>
    /// The bytes that decoding a good payload so often allocates; the runtime's own, while it compiles, are left out.
    /// </summary>
    internal long AllocatedBy(byte[] framed, int times)
    {
        long least = long.MaxValue;
        for (int round = 0; round < 3; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < times; i++)
            {
                DecodeInPlace(framed);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        DecodeResult result = DecodeInPlace(framed);
        Assert.True(result.Succeeded, result.Message);
        return least;
    }

    /// <summary>The values of the fields behind the key, as texts.</summary>
    internal string[] Values() => [.. Record.Fields.Skip(1).Select(v => v.ToString())];

    /// <summary>A field's value by the field's name.</summary>
    internal Value this[string field] =>
        Record.Fields[Definitions.Events[0].Fields.ToList().FindIndex(f => f.Name == field)];

    public void Dispose()
    {
        _client.Dispose();
        Registry.Dispose();
    }

    private sealed class Payloads(byte[][] payloads) : IPayloadBatch
    {
        public int Count => payloads.Length;

        public ReadOnlySpan<byte> Payload(int index) => payloads[index];

        public byte[] AllHeaders { get; init; } = [];

        public ReadOnlySpan<byte> Headers(int index) => AllHeaders;
    }
}
