using System.CommandLine;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid replay start</c>: starts a replay.</summary>
public sealed class ReplayStartCommand
{
    private readonly Argument<string> _type = Arguments.Type();

    private readonly Option<string?> _key = Arguments.Text("--key", "Only this key.", "KEY");

    private readonly Option<string?> _from =
        Arguments.Text("--from", "Only keys from this one on, in the order of UTF-8 bytes.", "KEY");

    private readonly Option<string?> _to =
        Arguments.Text("--to", "Only keys before this one.", "KEY");

    private readonly Option<string?> _version = Arguments.Text(
        "--version", "The shadow version that takes the states; without it the number after the definition's.", "N");

    private readonly Option<string?> _id =
        Arguments.Text("--id", "The replay's id; without it type and version, such as user-2.", "ID");

    /// <summary>Makes the command.</summary>
    public static Command Create(GlobalOptions global) => new ReplayStartCommand().Make(global);

    private Command Make(GlobalOptions global)
    {
        var command = new Command("start", "Rebuild entities of a type: one key, a range of keys, or all.")
        {
            _type, _key, _from, _to, _version, _id,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(_key) is not null && (result.GetResult(_from) ?? result.GetResult(_to)) is not null)
                result.AddError("--key is for one key, --from and --to are for a range; give one or the other.");
        });
        ReplayCommand.Act(command, global, async (client, parsed, cancellation) =>
        {
            ReplayCommand.Write(
                global, parsed, await client.StartReplayAsync(Request(parsed), cancellation));
            return ExitCode.Done;
        });
        return command;
    }

    private StartReplayRequest Request(ParseResult parsed)
    {
        var request = new StartReplayRequest
        {
            Type = parsed.GetRequiredValue(_type),
            Version = parsed.GetValue(_version) ?? "",
            Id = parsed.GetValue(_id) ?? "",
        };
        if (parsed.GetValue(_key) is { } key)
            request.Key = key;
        if (parsed.GetValue(_from) is { } from)
            request.FromKey = from;
        if (parsed.GetValue(_to) is { } to)
            request.ToKey = to;
        return request;
    }
}
