using System.Globalization;
using System.Text;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Protobuf;

/// <summary>A message in the text form that protoc prints.</summary>
internal sealed class TextMessage
{
    private readonly List<(string Name, string? Value, TextMessage? Inner)> _fields = [];

    /// <summary>Reads the text; what protoc could not decode is null.</summary>
    internal static TextMessage Parse(string? text, out bool isGood)
    {
        isGood = text is not null;
        var open = new Stack<TextMessage>([new TextMessage()]);
        foreach (string line in (text ?? "").Split('\n').Select(l => l.Trim()))
        {
            if (line.EndsWith('{'))
            {
                var inner = new TextMessage();
                open.Peek()._fields.Add((line[..^1].Trim(), null, inner));
                open.Push(inner);
            }
            else if (line == "}")
            {
                open.Pop();
            }
            else if (line.Length > 0)
            {
                int colon = line.IndexOf(':', StringComparison.Ordinal);
                open.Peek()._fields.Add((line[..colon], line[(colon + 1)..].Trim(), null));
            }
        }

        return open.Pop();
    }

    /// <summary>What a field of a definition has, as the product prints it.</summary>
    internal string Value(string path, string type)
    {
        int dot = path.IndexOf('.', StringComparison.Ordinal);
        if (dot >= 0)
        {
            // A group is printed under the name of its message.
            TextMessage? inner = _fields.LastOrDefault(
                f => f.Name.Equals(path[..dot], StringComparison.OrdinalIgnoreCase) && f.Inner is not null).Inner;
            return inner?.Value(path[(dot + 1)..], type) ?? "null";
        }

        (string Name, string? Value, TextMessage? Inner)[] all = [.. _fields.Where(f => f.Name == path)];
        if (type == "list")
        {
            return $"[{string.Join(", ", all.Select(f => Print(f.Value, f.Inner, type)))}]";
        }

        return all.Length == 0 ? "null" : Print(all[^1].Value, all[^1].Inner, type);
    }

    public override string ToString() =>
        string.Join(' ', _fields.Select(f => f.Inner is null ? $"{f.Name}: {f.Value}" : $"{f.Name} {{ {f.Inner} }}"));

    private static string Print(string? value, TextMessage? inner, string type)
    {
        if (inner is not null)
        {
            return PrintMessage(inner, type);
        }

        return value switch
        {
            null => "null",
            "A" or "B" => $"\"{value}\"",
            ['"', .. string text, '"'] => $"\"{Encoding.UTF8.GetString(DescriptorComparison.Unescape(text))}\"",
            _ when type == "double" => double.Parse(value, CultureInfo.InvariantCulture)
                .ToString("R", CultureInfo.InvariantCulture),
            _ => value,
        };
    }

    private static string PrintMessage(TextMessage message, string type)
    {
        long Number(string name) =>
            message.Value(name, "") is var text and not "null" ? long.Parse(text, CultureInfo.InvariantCulture) : 0;
        return type switch
        {
            "timestamp" => DateTimeOffset.UnixEpoch.AddSeconds(Number("seconds"))
                .AddMilliseconds(Number("nanos") / 1_000_000)
                .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            "string" => message.Value("value", "") is var text and not "null" ? text : "\"\"",
            _ => Number("value").ToString(CultureInfo.InvariantCulture),
        };
    }
}
