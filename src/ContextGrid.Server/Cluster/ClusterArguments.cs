using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;

namespace ContextGrid.Server.Cluster;

/// <summary>The options of the command line for a silo of a cluster.</summary>
internal sealed class ClusterArguments
{
    private const string NameDefault = "contextgrid", MembershipDefault = "local", SiloDefault = "127.0.0.1:11111";

    private readonly Option<bool> _cluster = new("--cluster")
    {
        Description = "Run as a silo of a cluster: entities are shared out among all silos",
    };

    private readonly Option<string?> _name = new("--cluster-name")
    {
        Description = $"The cluster's name; silos of other names are strangers. Default: {NameDefault}",
    };

    private readonly Option<string?> _membership = new("--membership")
    {
        HelpName = MembershipChoice.Help,
        Description = "Where the members are written down. local: this silo is alone, or the first one; primary: the "
            + $"first silo, for development. Default: {MembershipDefault}",
    };

    private readonly Option<string?> _silo = new("--silo")
    {
        HelpName = "IP:PORT",
        Description = "The address at which the other silos reach this one, and at which it listens. "
            + $"Default: {SiloDefault}",
    };

    private readonly Option<string?> _listen = new("--silo-listen")
    {
        HelpName = "IP:PORT",
        Description = "Where the silo listens, if the others reach it by another address, as behind a proxy",
    };

    private readonly Option<string?> _blobs = new("--grain-blobs")
    {
        HelpName = "env:NAME",
        Description = "Keep each entity as a blob of its own, for small grids: the environment variable with the "
            + "connection string of an Azure Storage account. Default: in the store of --snapshots",
    };

    private readonly OperationsArguments _operations = new();

    private ClusterArguments()
    {
    }

    private IEnumerable<Option> OfSilo => [_name, _membership, _silo, _listen, _blobs, .. _operations.All];

    /// <summary>Makes the options and adds them to a command.</summary>
    internal static ClusterArguments AddTo(RootCommand root)
    {
        var all = new ClusterArguments();
        foreach (Option option in (Option[])[all._cluster, .. all.OfSilo])
        {
            root.Options.Add(option);
        }

        root.Validators.Add(all.Validate);
        return all;
    }

    /// <summary>What the command line says; null: the server is not a silo.</summary>
    internal ClusterChoice? Read(ParseResult result) =>
        result.GetValue(_cluster)
        && MembershipChoice.TryParse(result.GetValue(_membership) ?? MembershipDefault, out var membership, out _)
        && Point(result.GetValue(_silo) ?? SiloDefault) is { } silo
            ? new ClusterChoice(
                result.GetValue(_name) ?? NameDefault, silo.Address, silo.Port, membership,
                Point(result.GetValue(_listen)), Secret(result.GetValue(_blobs)), _operations.Read(result))
            : null;

    private void Validate(CommandResult result)
    {
        if (!result.GetValue(_cluster))
        {
            string? stray = OfSilo.FirstOrDefault(o => result.GetResult(o) is { Implicit: false })?.Name;
            AddError(result, stray is null ? null : $"{stray} is for a silo: add --cluster.");
            return;
        }

        AddError(result, SiloStart.WhyNot);
        AddError(
            result,
            MembershipChoice.TryParse(result.GetValue(_membership) ?? MembershipDefault, out _, out string? wrong)
                ? null
                : "--membership: " + wrong);
        AddError(
            result,
            Point(result.GetValue(_silo) ?? SiloDefault) is { Port: > 0 } silo && !silo.Address.Equals(IPAddress.Any)
                ? null
                : "--silo takes the IP address and the port at which other silos reach this one.");
        AddError(
            result,
            result.GetValue(_listen) is null || Point(result.GetValue(_listen)) is { Port: > 0 }
                ? null
                : "--silo-listen takes an IP address and a port.");
        AddError(result, result.GetValue(_name) is not "" ? null : "--cluster-name is empty.");
        AddError(
            result,
            result.GetValue(_blobs) is null || Secret(result.GetValue(_blobs)) is not null
                ? null
                : "--grain-blobs takes env:NAME, with a connection string in that environment variable.");
        foreach (string error in _operations.Errors(result))
        {
            result.AddError(error);
        }
    }

    private static IPEndPoint? Point(string? text) =>
        IPEndPoint.TryParse(text ?? "", out IPEndPoint? point) ? point : null;

    private static string? Secret(string? text) =>
        text?.StartsWith("env:", StringComparison.Ordinal) == true
        && Environment.GetEnvironmentVariable(text[4..]) is { Length: > 0 } secret
            ? secret
            : null;

    private static void AddError(CommandResult result, string? error)
    {
        if (error is not null)
        {
            result.AddError(error);
        }
    }
}
