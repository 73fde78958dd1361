using System.Text;
using System.Text.Json;
using ContextGrid.Runtime.Codecs;
using Google.Protobuf;

namespace ContextGrid.Cli.Publishing;

/// <summary>Takes the partitioning key out of an event.</summary>
/// <param name="field">The member of the event that holds it.</param>
public sealed class EventKey(string field)
{
    private readonly byte[] _field = Encoding.UTF8.GetBytes(field);

    /// <summary>
    /// The member's text, or a number's digits; empty when there is no such member or the event is no JSON object,
    /// which the server then says in its own words.
    /// </summary>
    public ByteString Of(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json[ByteOrderMark.LengthOf(json)..]);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return ByteString.Empty;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var found = reader.ValueTextEquals(_field);
                reader.Read();
                if (found)
                    return Text(ref reader);
                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Broken JSON and unpaired surrogates: the event goes to the server as it is and is refused there.
        }

        return ByteString.Empty;
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
