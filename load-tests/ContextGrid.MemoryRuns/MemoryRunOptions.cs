using System.Globalization;
using ContextGrid.Core.Definitions;
using ContextGrid.Runtime.Codecs;
using ContextGrid.Runtime.Embedded;

namespace ContextGrid.MemoryRuns;

/// <summary>What load-tests/memory.sh passes on: a verb, then pairs of names and values.</summary>
internal sealed record MemoryRunOptions
{
    /// <summary>Whether this is the process that starts again.</summary>
    internal bool IsRestart { get; private init; }

    /// <summary>How many entities there are.</summary>
    internal int Entities { get; private init; } = 1_000_000;

    /// <summary>How many of them have nine events and queries of ten.</summary>
    internal int Hot { get; private init; }

    /// <summary>Events beyond the first one of each entity.</summary>
    internal int Events { get; private init; }

    /// <summary>The budget, bytes; 0: unlimited.</summary>
    internal long MemoryMaxBytes { get; private init; }

    /// <summary>Log and checkpoints.</summary>
    internal string Data { get; private init; } = "";

    /// <summary>The definitions; the first entity type has to take payments by user_id.</summary>
    internal string Definitions { get; private init; } = "examples/benchmark";

    /// <summary>Reads the arguments.</summary>
    internal static MemoryRunOptions Parse(string[] args)
    {
        var options = new MemoryRunOptions { IsRestart = args[0] == "restart" };
        for (int i = 1; i + 1 < args.Length; i += 2)
        {
            string value = args[i + 1];
            options = args[i] switch
            {
                "--entities" => options with { Entities = Number(value) },
                "--hot" => options with { Hot = Number(value) },
                "--events" => options with { Events = Number(value) },
                "--memory-max" => options with { MemoryMaxBytes = Bytes(value) },
                "--data" => options with { Data = value },
                "--definitions" => options with { Definitions = value },
                _ => throw new ArgumentException($"{args[i]} is not known."),
            };
        }

        return options with
        {
            Hot = options.Hot > 0 ? options.Hot : Math.Max(1, options.Entities / 10),
            Events = options.Events > 0 ? options.Events : Math.Max(10_000, options.Entities / 2),
        };
    }

    /// <summary>How the host is set up.</summary>
    internal EmbeddedHostOptions Host()
    {
        DefinitionReadResult read = DefinitionFiles.Read(Definitions);
        return new EmbeddedHostOptions
        {
            Definitions = read.Set ?? throw new InvalidOperationException(string.Join('\n', read.Errors)),
            DataDirectory = Data,
            MemoryMaxBytes = MemoryMaxBytes,
        };
    }

    private static int Number(string text) =>
        int.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    private static long Bytes(string text)
    {
        int unit = text.EndsWith("GB", StringComparison.OrdinalIgnoreCase) ? 30
            : text.EndsWith("MB", StringComparison.OrdinalIgnoreCase) ? 20 : 0;
        string number = unit == 0 ? text : text[..^2];
        return long.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture) << unit;
    }
}
