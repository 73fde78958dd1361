using System.CommandLine;
using ContextGrid.Client;

namespace ContextGrid.Cli;

/// <summary>The options that every command has, and what commands make of them.</summary>
/// <param name="console">What stands for the process.</param>
public sealed class GlobalOptions(CliConsole console)
{
    private const string LocalServer = "http://127.0.0.1:7081";

    /// <summary>What stands for the process.</summary>
    public CliConsole Console { get; } = console;

    /// <summary>The server's gRPC address.</summary>
    public Option<string> Server { get; } = new("--server")
    {
        Description = "The server's gRPC address; also CONTEXTGRID_SERVER.",
        Recursive = true,
        HelpName = "ADDRESS",
        DefaultValueFactory = _ => string.IsNullOrEmpty(console.DefaultServer) ? LocalServer : console.DefaultServer,
    };

    /// <summary>Whether programs read the output.</summary>
    public Option<bool> Json { get; } = new("--json")
    {
        Description = "One JSON object a line instead of tables.",
        Recursive = true,
    };

    /// <summary>Makes the client that the options describe.</summary>
    /// <exception cref="CliException">The address is none.</exception>
    public ContextGridClient Connect(ParseResult parsed)
    {
        var text = parsed.GetValue(Server) ?? LocalServer;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new CliException(
                $"--server '{text}' is no address; an example is {LocalServer}.", ExitCode.WrongUse);
        }

        return new ContextGridClient(address, new ContextGridClientOptions { AttemptsMax = 2 });
    }
}
