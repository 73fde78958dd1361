using System.CommandLine;
using ContextGrid.Runtime.Demo;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid generate</c>: simulated events on stdout.</summary>
public static class GenerateCommand
{
    // 2026-01-01T00:00:00Z, so that equal arguments give equal bytes on any day.
    private const long StartMs = 1_767_225_600_000;

    /// <summary>Makes the command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var events = Arguments.Bounded("--events", "How many events.", 1_000, 1, int.MaxValue);
        var users = Arguments.Bounded("--users", "Of how many users.", 1_000, 1, int.MaxValue);
        var seed = new Option<long>("--seed")
        {
            Description = "Equal seeds give equal events. Default 1.", HelpName = "N", DefaultValueFactory = _ => 1,
        };
        var start = Arguments.Time(
            "--start",
            "The first event's time, milliseconds since 1970 or RFC 3339. Default 2026-01-01T00:00:00Z.");
        var kind = new Option<string>("--kind")
        {
            Description = "payments or logins. Default payments.", DefaultValueFactory = _ => "payments",
        };
        kind.AcceptOnlyFromAmong("payments", "logins");
        var keyed = new Option<bool>("--keyed")
        {
            Description = "Begin each line with its key, the user, and a tab, as kcat -P -K '\\t' takes it.",
        };
        var command = new Command("generate", "Write simulated events to stdout, one JSON object a line.")
        {
            events, users, seed, kind, start, keyed,
        };
        command.SetAction(parsed =>
        {
            var startMs = parsed.GetValue(start)?.ToUnixTimeMilliseconds() ?? StartMs;
            if (startMs > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() - parsed.GetValue(events))
            {
                throw new CliException(
                    "--start is out of range: the events would end after the year 9999.", ExitCode.WrongUse);
            }

            var shape = new TrafficShape(parsed.GetValue(users), parsed.GetValue(seed), startMs);
            using var output = global.Console.OpenOutput();
            var isKeyed = parsed.GetValue(keyed);
            if (parsed.GetValue(kind) == "logins")
                WriteLines(output, parsed.GetValue(events), isKeyed, new LoginGenerator(shape).Write);
            else if (isKeyed)
                WriteLines(output, parsed.GetValue(events), isKeyed, new PaymentGenerator(shape).Write);
            else
                EventGenerator.WriteNdjson(output, parsed.GetValue(events), shape);
            output.Flush();
            return ExitCode.Done;
        });
        return command;
    }

    private delegate int LineWriter(long index, Span<byte> line);

    private static void WriteLines(Stream output, long events, bool isKeyed, LineWriter write)
    {
        var buffered = new BufferedStream(output, 64 * 1024);
        var line = new byte[TrafficShape.EventBytesMax + 1];
        for (long i = 0; i < events; i++)
        {
            var length = write(i, line);
            if (isKeyed)
            {
                buffered.Write(KeyOf(line));
                buffered.WriteByte((byte)'\t');
            }

            line[length] = (byte)'\n';
            buffered.Write(line, 0, length + 1);
        }

        buffered.Flush();
    }

    private static ReadOnlySpan<byte> KeyOf(ReadOnlySpan<byte> line)
    {
        var name = "\"user_id\":\""u8;
        var key = line[(line.IndexOf(name) + name.Length)..];
        return key[..key.IndexOf((byte)'"')];
    }
}
