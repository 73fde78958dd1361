using System.ComponentModel;
using System.Diagnostics;
using ContextGrid.Cli.Output;
using ContextGrid.Core.Model;

namespace ContextGrid.Cli.DeadLetters;

/// <summary>Lets a person edit a payload in their editor. One at a time.</summary>
/// <param name="console">Knows the editor.</param>
public sealed class PayloadEditor(CliConsole console)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Opens the editor on a payload and waits for its end.</summary>
    /// <param name="letter">The letter's number, which the file is named after.</param>
    /// <param name="payload">The payload.</param>
    /// <param name="cancellation">Ends the editor.</param>
    /// <returns>The payload as it was left. A line feed that an editor puts at the end of a file is taken off again.
    /// </returns>
    /// <exception cref="CliException">The editor can't be started, or ended with a failure.</exception>
    public async Task<byte[]> EditAsync(long letter, byte[] payload, CancellationToken cancellation)
    {
        // A directory of our own, which nobody else can enter: payloads are customers' data.
        var directory = Directory.CreateTempSubdirectory("contextgrid-dlq-");
        try
        {
            var path = Path.Combine(directory.FullName, $"letter-{Units.Id(letter)}.json");
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = OwnerOnly;
            await using (var file = new FileStream(path, options))
                await file.WriteAsync(payload, cancellation);
            await RunAsync(path, cancellation);
            var edited = await File.ReadAllBytesAsync(path, cancellation);
            return edited is [.., (byte)'\n'] && payload is not [.., (byte)'\n'] ? edited[..^1] : edited;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    // The variable may hold arguments, as in "code --wait", so a shell takes it apart, as git does.
    private async Task RunAsync(string path, CancellationToken cancellation)
    {
        try
        {
            using var editor = Process.Start("/bin/sh", ["-c", $"{console.Editor} \"$1\"", console.Editor, path]);
            try
            {
                await editor.WaitForExitAsync(cancellation);
            }
            catch (OperationCanceledException)
            {
                editor.Kill(entireProcessTree: true);
                throw;
            }

            if (editor.ExitCode != 0)
            {
                throw new CliException($"the editor '{console.Editor}' ended with exit code {editor.ExitCode}; set "
                    + "VISUAL or EDITOR to one that works here. The letter stays as it was.");
            }
        }
        catch (Win32Exception e)
        {
            throw new CliException(
                Sentence.End($"the editor '{console.Editor}' can't be started: {e.Message}"));
        }
    }
}
