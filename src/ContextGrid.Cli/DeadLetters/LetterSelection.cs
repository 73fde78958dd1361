using System.CommandLine;
using System.Runtime.CompilerServices;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.DeadLetters;

/// <summary>The options that say which dead letters are meant, and the letters that they mean.</summary>
public sealed class LetterSelection
{
    private const int PageLetters = 500;

    private readonly Argument<long[]> _ids = new("ID")
    {
        Description = "Numbers of letters.", Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> _all =
        new("--all") { Description = "All open letters that the filters let through." };

    private readonly Option<string?> _topic = Arguments.Text("--topic", "Only of this topic.", "TOPIC");

    private readonly Option<string?> _reason = Arguments.Text("--reason", "Only with this reason.", "REASON");

    private readonly Option<string?> _contains =
        Arguments.Text("--contains", "Only with this text in key, payload or message.", "TEXT");

    private readonly Option<DateTimeOffset?> _since;
    private readonly Option<DateTimeOffset?> _until;

    /// <summary>Makes the options.</summary>
    /// <param name="clock">What durations count back from.</param>
    public LetterSelection(TimeProvider clock)
    {
        _since = Arguments.Moment("--since", "Only found at this time or later.", clock);
        _until = Arguments.Moment("--until", "Only found before this time.", clock);
    }

    /// <summary>Adds the filters to a command.</summary>
    public void AddFilters(Command command)
    {
        foreach (var option in (Option[])[_topic, _reason, _since, _until, _contains])
            command.Options.Add(option);
    }

    /// <summary>Adds numbers, --all and the filters to a command.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(_ids);
        command.Options.Add(_all);
        AddFilters(command);
    }

    /// <summary>The filters as a request for the first page.</summary>
    public ListDeadLettersRequest Filters(ParseResult parsed)
    {
        var filters = new ListDeadLettersRequest
        {
            Topic = parsed.GetValue(_topic) ?? "",
            Reason = parsed.GetValue(_reason) ?? "",
            Contains = parsed.GetValue(_contains) ?? "",
        };
        if (parsed.GetValue(_since) is { } since)
            filters.SinceMs = since.ToUnixTimeMilliseconds();
        if (parsed.GetValue(_until) is { } until)
            filters.UntilMs = until.ToUnixTimeMilliseconds();
        return filters;
    }

    /// <summary>The numbers of the letters that are meant: as they were named, or newest first. Letters that appear
    /// meanwhile are not among them.</summary>
    /// <exception cref="CliException">Neither numbers nor --all were given, or both.</exception>
    public IAsyncEnumerable<long> SelectAsync(
        ContextGridClient client, ParseResult parsed, CancellationToken cancellation)
    {
        var ids = parsed.GetValue(_ids) ?? [];
        var request = Filters(parsed);
        var all = parsed.GetValue(_all);
        if (all == ids.Length > 0 || (!all && !request.Equals(new ListDeadLettersRequest())))
        {
            throw new CliException(
                "name the letters by their numbers, or say --all, with filters if you like.", ExitCode.WrongUse);
        }

        return all ? PagesAsync(client, request, cancellation) : ids.ToAsyncEnumerable();
    }

    private static async IAsyncEnumerable<long> PagesAsync(
        ContextGridClient client,
        ListDeadLettersRequest request,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        request.Limit = PageLetters;
        while (true)
        {
            var page = await client.ListDeadLettersAsync(request, cancellation);
            foreach (var letter in page.DeadLetters)
                yield return letter.Id;
            if (!page.HasNextBefore)
                yield break;
            request.Before = page.NextBefore;
        }
    }
}
