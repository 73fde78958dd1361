using System.Globalization;
using System.Text;
using ContextGrid.Contracts.V1;
using Google.Protobuf;

namespace ContextGrid.Cli.Output;

/// <summary>Dead letters for people.</summary>
public static class DeadLetterText
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private static readonly string[] Columns = ["id", "time", "source", "reason", "message"];

    /// <summary>Writes a table of dead letters.</summary>
    public static void WriteList(CliConsole console, ListDeadLettersResponse answer)
    {
        if (answer.DeadLetters.Count > 0)
            PeopleTable.Write(console, Columns, answer.DeadLetters.Select(Row));
        console.Out.WriteLine(
            $"{Units.Count(answer.DeadLetters.Count)} shown of {Units.Count(answer.Total)} retained.");
    }

    /// <summary>Writes one dead letter with its payload.</summary>
    public static void Write(TextWriter output, DeadLetter letter)
    {
        output.WriteLine($"id       {letter.Id}");
        output.WriteLine($"time     {Units.Time(letter.TimeMs)}");
        output.WriteLine($"source   {Source(letter.Source)}");
        output.WriteLine($"reason   {letter.Reason}");
        output.WriteLine($"message  {Units.Printable(letter.Message)}");
        output.WriteLine($"key      {Bytes(letter.Key)}");
        output.WriteLine($"payload  {Bytes(letter.Payload)}");
    }

    private static string[] Row(DeadLetter letter) =>
    [
        letter.Id.ToString(CultureInfo.InvariantCulture),
        Units.Time(letter.TimeMs),
        Source(letter.Source),
        letter.Reason,
        Units.Printable(letter.Message),
    ];

    private static string Source(SourcePosition? source) => source switch
    {
        null => "-",
        { Offset: < 0 } => $"{source.Topic}, refused at publish",
        _ => $"{source.Topic}/{source.Partition}@{source.Offset}",
    };

    private static string Bytes(ByteString bytes)
    {
        try
        {
            return Units.Printable(Strict.GetString(bytes.Span));
        }
        catch (DecoderFallbackException)
        {
            return $"{bytes.Length} bytes that are not UTF-8, base64: {bytes.ToBase64()}";
        }
    }
}
