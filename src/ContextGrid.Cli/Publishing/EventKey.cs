using System.Text;
using System.Text.Json;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using Google.Protobuf;

namespace ContextGrid.Cli.Publishing;

/// <summary>Takes the partitioning key out of an event.</summary>
/// <param name="field">The member of the event that holds it, or the path to it, as a field's name in definitions.
/// </param>
public sealed class EventKey(string field)
{
    private readonly byte[][] _path = [.. FieldSource.OfName(field).Path.Select(Encoding.UTF8.GetBytes)];

    /// <summary>
    /// The member's text, or a number's digits; empty when there is no such member or the event is no JSON object,
    /// which the server then says in its own words.
    /// </summary>
    public ByteString Of(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json[ByteOrderMark.LengthOf(json)..]);
            var depth = 0;
            while (depth < _path.Length && reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                if (!Find(ref reader, _path[depth]))
                    return ByteString.Empty;
                depth++;
            }

            if (depth == _path.Length && reader.Read())
                return Text(ref reader);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Broken JSON and unpaired surrogates: the event goes to the server as it is and is refused there.
        }

        return ByteString.Empty;
    }

    // Stands at an object; moves to the name of a member.
    private static bool Find(ref Utf8JsonReader reader, byte[] name)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(name))
                return true;
            reader.Read();
            reader.Skip();
        }

        return false;
    }

    private static ByteString Text(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => reader.ValueIsEscaped
            ? ByteString.CopyFromUtf8(reader.GetString() ?? "")
            : ByteString.CopyFrom(reader.ValueSpan),
        JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False => ByteString.CopyFrom(reader.ValueSpan),
        _ => ByteString.Empty,
    };
}
