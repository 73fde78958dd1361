using System.CommandLine;
using ContextGrid.Cli.Output;
using ContextGrid.Client;
using ContextGrid.Contracts.V1;

namespace ContextGrid.Cli.Commands;

/// <summary><c>contextgrid backup</c>: copies the server's data directory while it runs.</summary>
public static class BackupCommand
{
    private const long BytesOfMegabyte = 1_000_000;

    /// <summary>Makes the command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var to = Arguments.Named("TO", "An absolute path on the server's machine: a new or an empty directory.");
        var rate = Arguments.Bounded("--rate", "Megabytes a second at most.", 100, 1, 100_000);
        var command = new Command("backup", "Copy the server's data directory while it runs.") { to, rate };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = global.Connect(parsed);
            var answers = client.BackupAsync(
                parsed.GetRequiredValue(to), parsed.GetValue(rate) * BytesOfMegabyte, cancellation);
            var summary = await FollowAsync(global.Console, answers);
            if (parsed.GetValue(global.Json))
                MessageJson.Write(global.Console.Out, summary);
            else
                BackupText.Write(global.Console, summary);
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task<BackupSummary> FollowAsync(
        CliConsole console, IAsyncEnumerable<BackupResponse> answers)
    {
        BackupSummary? summary = null;
        var progress = new ProgressLine(console);
        try
        {
            await foreach (var answer in answers)
            {
                progress.Show(answer.BytesDone, answer.BytesTotal, Units.Bytes);
                summary = answer.Summary;
            }
        }
        catch (ContextGridException e) when (e.StatusCode is GrpcStatusCode.InvalidArgument
            or GrpcStatusCode.AlreadyExists or GrpcStatusCode.Aborted or GrpcStatusCode.ResourceExhausted
            or GrpcStatusCode.PermissionDenied)
        {
            // The message itself says what to do.
            throw new CliException(e.Message);
        }
        finally
        {
            progress.Clear();
        }

        return summary ?? throw new CliException(
            "the server ended the backup without a word about it; look into its log.");
    }
}
