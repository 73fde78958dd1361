using System.CommandLine;
using ContextGrid.Adapters.Kafka;
using ContextGrid.Runtime.Embedded;
using ContextGrid.Runtime.Embedded.Log;

namespace ContextGrid.Server.Kafka;

/// <summary>The options of the command line for events in Kafka.</summary>
internal sealed class KafkaArguments
{
    /// <summary>The options whose value may be the empty text.</summary>
    internal static readonly IReadOnlyList<string> MayBeEmpty = ["--kafka-group"];

    private readonly Option<string?> _brokers = new("--kafka")
    {
        Description = "Read events from Kafka instead of the built-in log: HOST:PORT, several with commas",
    };

    private readonly Option<string?> _properties = new("--kafka-properties")
    {
        Description = "File of client properties (security, time-outs); values may be ${env:NAME} or ${file:PATH}",
    };

    private readonly Option<string> _group = new("--kafka-group")
    {
        Description = "Consumer group whose offsets show lag tools what is durable; empty: none",
        DefaultValueFactory = _ => "contextgrid",
    };

    private readonly Option<string> _deadLetters = new("--dead-letter-topic")
    {
        Description = "Topic of Kafka for dead letters, made when missing; servers of different definitions each need "
            + "one of their own",
        DefaultValueFactory = _ => DeadLetterTopic.Name,
    };

    private readonly Option<string[]> _lost = new("--kafka-lost-offsets")
    {
        Description = "When unread offsets are gone: earliest (default), latest or fail; or TOPIC=WAY, repeatable. "
            + "latest also goes on with a topic that was truncated or made anew",
        DefaultValueFactory = _ => [],
    };

    /// <summary>Makes the options and adds them to a command.</summary>
    internal static KafkaArguments AddTo(RootCommand root)
    {
        var all = new KafkaArguments();
        all._lost.Validators.Add(result =>
        {
            foreach (string text in result.Tokens.Select(t => t.Value).Where(t => !TryRead(t, out _, out _)))
            {
                result.AddError($"--kafka-lost-offsets is {text}; it must be earliest, latest or fail, or TOPIC=WAY.");
            }

            foreach (string topic in result.Tokens.Select(t => TopicOf(t.Value)).CountBy(t => t)
                .Where(t => t.Value > 1).Select(t => t.Key))
            {
                result.AddError($"--kafka-lost-offsets is given twice{(topic.Length == 0 ? "" : $" for {topic}")}.");
            }
        });
        all._deadLetters.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && TopicName.Check(result.Tokens[0].Value) is { } wrong)
            {
                result.AddError("--dead-letter-topic: " + wrong);
            }
        });
        foreach (Option option in (Option[])[all._brokers, all._properties, all._group, all._deadLetters, all._lost])
        {
            root.Options.Add(option);
        }

        return all;
    }

    /// <summary>What the command line says; null: events are in the built-in log.</summary>
    /// <exception cref="KafkaOptionsException">The properties can't be used.</exception>
    internal Func<KafkaOptions>? Read(ParseResult result)
    {
        if (result.GetValue(_brokers) is not { } brokers)
        {
            return null;
        }

        string? properties = result.GetValue(_properties);
        var topics = new Dictionary<string, LostOffsets>(StringComparer.Ordinal);
        LostOffsets otherwise = LostOffsets.Earliest;
        foreach (string text in result.GetValue(_lost) ?? [])
        {
            if (TryRead(text, out string topic, out LostOffsets way) && topic.Length > 0)
            {
                topics[topic] = way;
            }
            else
            {
                otherwise = way;
            }
        }

        string group = result.GetValue(_group) ?? "contextgrid";
        string deadLetters = result.GetValue(_deadLetters) ?? DeadLetterTopic.Name;
        return () => new KafkaOptions
        {
            BootstrapServers = brokers,
            Properties = properties is null ? new Dictionary<string, string>() : KafkaProperties.Load(properties),
            Group = group,
            DeadLetters = deadLetters,
            LostOffsets = topics,
            LostOffsetsDefault = otherwise,
            Create = new Dictionary<string, int> { [DeadLetterTopic.Name] = 1 },
        };
    }

    private static bool TryRead(string text, out string topic, out LostOffsets way)
    {
        topic = TopicOf(text);
        string word = text[(text.LastIndexOf('=') + 1)..];
        return Enum.TryParse(word, ignoreCase: true, out way) && Enum.IsDefined(way)
            && word.All(char.IsAsciiLetter);
    }

    private static string TopicOf(string text) => text[..Math.Max(0, text.LastIndexOf('='))];
}
