namespace ContextGrid.Runtime.Embedded.Log;

/// <summary>Kafka's rule for topic names, which keeps a name usable as a directory's name too.</summary>
public static class TopicName
{
    /// <summary>The most characters that a name may have.</summary>
    public const int LengthMax = 249;

    /// <summary>What is wrong with a name; null: nothing.</summary>
    public static string? Check(string name)
    {
        if (name.Length is 0 or > LengthMax)
        {
            return $"A topic's name has 1 to {LengthMax} characters; this one has {name.Length}.";
        }

        if (name is "." or "..")
        {
            return $"A topic can't be named '{name}'.";
        }

        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-'))
            {
                return $"The topic's name '{name}' has the character '{c}'; "
                    + "only a-z, A-Z, 0-9, '.', '_', '-' may stand there.";
            }
        }

        return null;
    }
}
