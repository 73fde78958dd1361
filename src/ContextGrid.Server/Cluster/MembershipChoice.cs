using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace ContextGrid.Server.Cluster;

/// <summary>Where the members of a cluster are written down. What it shows of itself has no secrets.</summary>
internal sealed class MembershipChoice
{
    private const string RedisPrefix = "redis:", TablesPrefix = "tables:", PrimaryPrefix = "primary:";
    private const string EnvironmentPrefix = "env:";

    /// <summary>How it is written.</summary>
    internal const string Help = "local|primary:HOST:PORT|redis:HOST:PORT|tables:CONNECTION|env:NAME";

    /// <summary>Redis, as its clients are told of it; null: elsewhere.</summary>
    internal string? Redis { get; private init; }

    /// <summary>The connection string of an account with Azure Table storage; null: elsewhere.</summary>
    internal string? Tables { get; private init; }

    /// <summary>The first silo, which knows the members in its memory; null: elsewhere.</summary>
    internal IPEndPoint? Primary { get; private init; }

    /// <summary>Whether the silo is alone, or the first one for development.</summary>
    internal bool IsLocal => Redis is null && Tables is null && Primary is null;

    /// <summary>Reads what an operator wrote.</summary>
    /// <param name="text"><c>local</c>, <c>primary:HOST:PORT</c>, <c>redis:HOST:PORT[,OPTIONS]</c>,
    /// <c>tables:CONNECTION</c>, or <c>env:NAME</c> with an environment variable that holds one of the others.</param>
    /// <param name="choice">What it means; null: nothing.</param>
    /// <param name="error">Why it means nothing, without a secret; null: it means something.</param>
    internal static bool TryParse(
        string text, [NotNullWhen(true)] out MembershipChoice? choice, [NotNullWhen(false)] out string? error)
    {
        (choice, error) = (null, null);
        if (text.StartsWith(EnvironmentPrefix, StringComparison.Ordinal))
        {
            string? value = Environment.GetEnvironmentVariable(text[EnvironmentPrefix.Length..]);
            if (!string.IsNullOrWhiteSpace(value) && !value.StartsWith(EnvironmentPrefix, StringComparison.Ordinal))
            {
                return TryParse(value, out choice, out error);
            }

            error = $"the environment variable '{text[EnvironmentPrefix.Length..]}' is not set to one of {Help}.";
        }
        else if (text == "local")
        {
            choice = new MembershipChoice();
        }
        else if (text.StartsWith(PrimaryPrefix, StringComparison.Ordinal))
        {
            choice = IPEndPoint.TryParse(text[PrimaryPrefix.Length..], out IPEndPoint? primary) && primary.Port > 0
                ? new MembershipChoice { Primary = primary }
                : null;
            error = choice is null ? "primary: takes the first silo's IP address and port." : null;
        }
        else if (text.StartsWith(RedisPrefix, StringComparison.Ordinal) && text.Length > RedisPrefix.Length)
        {
            choice = new MembershipChoice { Redis = text[RedisPrefix.Length..] };
        }
        else if (text.StartsWith(TablesPrefix, StringComparison.Ordinal) && text.Length > TablesPrefix.Length)
        {
            choice = new MembershipChoice { Tables = text[TablesPrefix.Length..] };
        }
        else
        {
            error = $"it must be {Help}.";
        }

        return error is null;
    }
}
