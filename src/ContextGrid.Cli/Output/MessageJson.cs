using Google.Protobuf;

namespace ContextGrid.Cli.Output;

/// <summary>A message of the contract as one line of protobuf's JSON, with the names of the proto files.</summary>
public static class MessageJson
{
    private static readonly JsonFormatter Formatter =
        new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithPreserveProtoFieldNames(true));

    /// <summary>Writes the message.</summary>
    public static void Write(TextWriter output, IMessage message) => output.WriteLine(Formatter.Format(message));
}
