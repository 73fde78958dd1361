using System.CommandLine;
using ContextGrid.Cli.Output;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid replay</c>: rebuilds entities of a cluster beside the live ones.</summary>
public static class ReplayCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Makes the command with its subcommands.</summary>
    public static Command Create(GlobalOptions global) =>
        new("replay", "Rebuild entities of a cluster from the log, beside the live ones.")
        {
            ReplayStartCommand.Create(global),
            Status(global),
            List(global),
            Cancel(global),
            Remove(global),
        };

    /// <summary>Sets what a command does. Refusals are told in the server's words alone: they say what to do.</summary>
    internal static void Act(
        Command command,
        GlobalOptions global,
        Func<ContextGridClient, ParseResult, CancellationToken, Task<int>> act) =>
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = global.Connect(parsed);
            try
            {
                return await act(client, parsed, cancellation);
            }
            catch (ContextGridException e) when (e.StatusCode is GrpcStatusCode.InvalidArgument
                or GrpcStatusCode.NotFound or GrpcStatusCode.AlreadyExists or GrpcStatusCode.FailedPrecondition
                or GrpcStatusCode.ResourceExhausted)
            {
                throw new CliException(e.Message);
            }
        });

    /// <summary>Writes a replay.</summary>
    internal static void Write(GlobalOptions global, ParseResult parsed, Replay replay)
    {
        if (parsed.GetValue(global.Json))
            MessageJson.Write(global.Console.Out, replay);
        else
            ReplayText.Write(global.Console, replay);
    }

    private static Argument<string> Id() => Arguments.Named("ID", "The replay's id, such as user-2.");

    private static Command Status(GlobalOptions global)
    {
        var id = Id();
        var wait = new Option<bool>("--wait") { Description = "Waits for its end; fails unless it has finished." };
        var command = new Command("status", "Say how far a replay is.") { id, wait };
        Act(command, global, async (client, parsed, cancellation) =>
        {
            var isAwaited = parsed.GetValue(wait);
            var replay = await client.GetReplayAsync(parsed.GetRequiredValue(id), cancellation);
            if (isAwaited)
                replay = await EndAsync(global.Console, client, replay, cancellation);
            Write(global, parsed, replay);
            return isAwaited && replay.Phase != ReplayPhase.ReplayFinished ? ExitCode.Failed : ExitCode.Done;
        });
        return command;
    }

    private static async Task<Replay> EndAsync(
        CliConsole console, ContextGridClient client, Replay replay, CancellationToken cancellation)
    {
        var progress = new ProgressLine(console);
        try
        {
            while (replay.Phase == ReplayPhase.ReplayRunning)
            {
                var (done, total) = ReplayText.Offsets(replay);
                progress.Show(done, total, Units.Count);
                await Task.Delay(Interval, console.Clock, cancellation);
                replay = await client.GetReplayAsync(replay.Id, cancellation);
            }
        }
        finally
        {
            progress.Clear();
        }

        return replay;
    }

    private static Command List(GlobalOptions global)
    {
        var command = new Command("list", "List replays that run or are kept, oldest first.");
        Act(command, global, async (client, parsed, cancellation) =>
        {
            var replays = await client.ListReplaysAsync(cancellation);
            if (!parsed.GetValue(global.Json))
            {
                ReplayText.WriteList(global.Console, replays);
                return ExitCode.Done;
            }

            foreach (var replay in replays)
                MessageJson.Write(global.Console.Out, replay);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Cancel(GlobalOptions global)
    {
        var id = Id();
        var command = new Command("cancel", "End a replay; what it has written stays until it is removed.") { id };
        Act(command, global, async (client, parsed, cancellation) =>
        {
            Write(global, parsed, await client.CancelReplayAsync(parsed.GetRequiredValue(id), cancellation));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Remove(GlobalOptions global)
    {
        var id = Id();
        var command = new Command("remove", "Remove a replay that has ended, and its shadow version.") { id };
        Act(command, global, async (client, parsed, cancellation) =>
        {
            var name = parsed.GetRequiredValue(id);
            await client.RemoveReplayAsync(name, cancellation);
            if (parsed.GetValue(global.Json))
                JsonLine.Write(global.Console.Out, json => json.WriteString("removing", name));
            else
                global.Console.Out.WriteLine(
                    $"{Units.Printable(name)} is being removed; id and version are free when it is no longer listed.");
            return ExitCode.Done;
        });
        return command;
    }
}
