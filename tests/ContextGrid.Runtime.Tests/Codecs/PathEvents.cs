using System.Text;
using ContextGrid.Core.Definitions;
using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>One event whose fields a test declares; all of them are used, the first one is the key.</summary>
internal sealed class PathEvents
{
    internal const long NowMs = PaymentEvents.NowMs;

    private readonly IEventDecoder _decoder;

    /// <param name="format">Such as <c>json</c>.</param>
    /// <param name="fields">Lines of <c>fields</c>, the key's first.</param>
    /// <param name="more">Lines of the event, such as <c>timestamp: a.b</c>.</param>
    internal PathEvents(string format, string[] fields, params string[] more)
    {
        Definitions = Define(format, fields, more).Set
            ?? throw new InvalidOperationException(string.Join('\n', Define(format, fields, more).Errors));
        _decoder = PlainDecoders.Create(Definitions, 0);
        Record = new EventRecord(Definitions.Events[0].Fields.Length);
    }

    internal DefinitionSet Definitions { get; }

    internal EventRecord Record { get; }

    /// <summary>The values in the order of the fields, as texts.</summary>
    internal string Values => string.Join(
        " | ", Record.Fields[..Definitions.Events[0].Fields.Length].Select(f => f.ToString()));

    internal static DefinitionReadResult Define(string format, string[] fields, params string[] more)
    {
        var yaml = new StringBuilder($"version: 1\nevents:\n  order:\n    topic: orders\n    format: {format}\n");
        foreach (string line in more)
        {
            yaml.Append("    ").Append(line).Append('\n');
        }

        yaml.Append("    fields:\n");
        foreach (string field in fields)
        {
            yaml.Append("      ").Append(field).Append('\n');
        }

        string[] names = [.. fields.Select(f => f[..f.IndexOf(": ", StringComparison.Ordinal)].Trim('\''))];
        yaml.Append($"entities:\n  user:\n    from: {{order: '{names[0]}'}}\n    features:\n");
        for (int i = 0; i < names.Length; i++)
        {
            yaml.Append($"      f{i}: 'order | count(`{names[i]}`)'\n");
        }

        return DefinitionFiles.Parse("test.yaml", yaml.ToString());
    }

    /// <summary>Decodes a payload in the middle of a larger buffer.</summary>
    internal DecodeResult Decode(string json, params (string Name, string Value)[] headers)
    {
        byte[] payload = Encoding.UTF8.GetBytes(json);
        byte[] encoded = LogHeaders.Encode([.. headers.Select(h => KeyValuePair.Create(h.Name, h.Value))]);
        byte[] buffer = [(byte)'{', .. encoded, .. payload, (byte)'"'];
        return _decoder.Decode(
            buffer, 1 + encoded.Length, payload.Length, new ArraySegment<byte>(buffer, 1, encoded.Length), NowMs,
            Record);
    }

    /// <summary>The bytes that this thread allocates by decoding a good event again and again, at best.</summary>
    internal long MeasureAllocation(string json, params (string Name, string Value)[] headers)
    {
        byte[] payload = Encoding.UTF8.GetBytes(json);
        byte[] encoded = LogHeaders.Encode([.. headers.Select(h => KeyValuePair.Create(h.Name, h.Value))]);
        long least = long.MaxValue;
        for (int round = 0; round < 3; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 5_000; i++)
            {
                if (!_decoder.Decode(payload, 0, payload.Length, encoded, NowMs, Record).Succeeded)
                {
                    throw new InvalidOperationException("The event is not good.");
                }
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
